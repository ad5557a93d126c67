//! Opening: what the user names, and what lies inside it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};
use thiserror::Error;

use crate::model::{Gap, GapKind, escape_path_bytes, hex};

use super::budget::{Budget, Decoder, End, Limits, OverLimit, Stop};
use super::bytes::Bytes;
use super::dotnet_bundle::Bundle;
use super::folder::{Folder, mode};
use super::inflate::{Gzip, Zstd};
use super::magic::{HEAD, Magic, ends_like_zip};
use super::single::{Refused, Single};
use super::tarball::{Tarball, inner_name};
use super::zip::Zip;
use super::{Indexed, Stream, gaps};

/// Names that promise a zip.
const ZIP_SUFFIXES: [&str; 6] = [".zip", ".jar", ".war", ".ear", ".whl", ".egg"];

/// An archive, opened.
pub enum Opened<'a> {
    /// Its entries can be read in any order.
    Indexed(Box<dyn Indexed + 'a>),
    /// Its entries come one after the other.
    Stream(Box<dyn Stream + 'a>),
    /// It is none. Only [`open_bytes`] says so: what the user names is at least a file.
    NotAnArchive,
}

/// What the user named, opened.
pub struct OpenedPath {
    /// The archive.
    pub opened: Opened<'static>,
    /// Size of the file, or the sum over a folder's files, in bytes.
    pub bytes: u64,
    /// A folder has no digest.
    pub is_folder: bool,
}

/// What the user named cannot be had at all. Anything less is a gap.
#[derive(Debug, Error)]
pub enum OpenError {
    /// Missing, or not permitted.
    #[error("cannot open {}", path.display())]
    Path {
        /// As named.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A device, a socket, a pipe.
    #[error("cannot open {}: it is neither a file nor a folder", path.display())]
    Kind {
        /// As named.
        path: PathBuf,
    },
    /// Standard input could not be read.
    #[error("cannot read the input: {0}")]
    Input(#[source] Stop),
}

/// Opens a file or folder that the user named. Links in the path itself are followed, since the user wrote them.
///
/// # Errors
/// That it is missing, may not be read, or is neither file nor folder. A broken archive is no error: it is opened with
/// gaps.
pub fn open_path(path: &Path, budget: &Budget) -> Result<OpenedPath, OpenError> {
    let failed = |source| OpenError::Path { path: path.to_owned(), source };
    let about = fs::metadata(path).map_err(failed)?;
    if about.is_dir() {
        fs::read_dir(path).map_err(failed)?;
        let folder = Folder::open(path, budget);
        let bytes = folder.bytes();
        return Ok(OpenedPath { opened: Opened::Indexed(Box::new(folder)), bytes, is_folder: true });
    }
    if !about.is_file() {
        return Err(OpenError::Kind { path: path.to_owned() });
    }
    let bytes = File::open(path).and_then(Bytes::file).map_err(failed)?;
    let head = bytes.head(HEAD).map_err(failed)?;
    let name = path.file_name().map_or(&b"file"[..], |name| name.as_encoded_bytes());
    let size = bytes.len();
    let opened = open_named(bytes, &head, escape_path_bytes(name), mode(&about), budget);
    Ok(OpenedPath { opened, bytes: size, is_folder: false })
}

/// Opens bytes that the user handed over under a name, like a file.
pub fn open_input<'a>(bytes: &'a [u8], name: &str, budget: &Budget) -> Opened<'a> {
    let head = &bytes[..bytes.len().min(HEAD)];
    open_named(Bytes::Slice(bytes), head, name.to_owned(), None, budget)
}

/// Opens the bytes of an entry, if they are an archive. `name` is the entry's name.
///
/// The entry itself was searched as it is, so an archive that cannot be opened has no entries, and one gap.
pub fn open_bytes<'a>(bytes: &'a [u8], name: &str, budget: &Budget) -> Opened<'a> {
    let head = &bytes[..bytes.len().min(HEAD)];
    match open_archive(Bytes::Slice(bytes), head, name, budget) {
        Ok(opened) => opened,
        Err(Refusal::Other) => Bundle::open(Bytes::Slice(bytes), head, None, budget)
            .map_or(Opened::NotAnArchive, |bundle| Opened::Indexed(Box::new(bundle))),
        Err(Refusal::Gap(gap)) => Opened::Indexed(Box::new(Refused(vec![*gap]))),
    }
}

/// Why there is no archive to open.
enum Refusal {
    /// There is none.
    Other,
    /// There is one, and nothing can be made of it.
    Gap(Box<Gap>),
}

impl From<Gap> for Refusal {
    fn from(gap: Gap) -> Refusal {
        Refusal::Gap(Box::new(gap))
    }
}

fn open_archive<'a>(bytes: Bytes<'a>, head: &[u8], name: &str, budget: &Budget) -> Result<Opened<'a>, Refusal> {
    let magic = Magic::of(head);
    if let Some(format) = magic.unsupported() {
        let detail = format!("{format} archives are not supported; unpack it and audit the result");
        return Err(gaps::blocking(GapKind::Unsupported, None, detail).into());
    }
    let size = bytes.len();
    let stream = |decoder: Box<dyn Decoder + Send + 'a>, compressed| {
        Ok(Opened::Stream(Box::new(Tarball::new(decoder, inner_name(name), compressed))))
    };
    match magic {
        Magic::Gzip => stream(Box::new(Gzip::new(bytes.reader(0, size))), true),
        Magic::Zstd => match Zstd::new(bytes.reader(0, size)) {
            Ok(zstd) => stream(Box::new(zstd), true),
            Err(error) => Err(gaps::stopped(&error.into(), None, 0).into()),
        },
        Magic::Tar => stream(Box::new(bytes.reader(0, size)), false),
        Magic::Zip => open_zip(bytes, budget),
        _ if ends_like_zip(&bytes, head, promised_suffix(name).is_some()) => open_zip(bytes, budget),
        _ => Err(Refusal::Other),
    }
}

fn open_zip<'a>(bytes: Bytes<'a>, budget: &Budget) -> Result<Opened<'a>, Refusal> {
    let zip = Zip::open(bytes, budget);
    match zip.gaps() {
        [gap] if zip.is_empty() && gap.kind == GapKind::Malformed => Err(gap.clone().into()),
        _ => Ok(Opened::Indexed(Box::new(zip))),
    }
}

/// The suffix by which a name promises a zip.
fn promised_suffix(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    ZIP_SUFFIXES.into_iter().find(|suffix| lower.ends_with(suffix))
}

/// What the user named is read in any case: where it is no archive, as a single file.
fn open_named<'a>(bytes: Bytes<'a>, head: &[u8], name: String, mode: Option<u32>, budget: &Budget) -> Opened<'a> {
    let gap = match open_archive(bytes.clone(), head, &name, budget) {
        Ok(opened) => return opened,
        Err(Refusal::Gap(gap)) => Some(*gap),
        Err(Refusal::Other) => match Bundle::open(bytes.clone(), head, Some(&name), budget) {
            Some(bundle) => return Opened::Indexed(Box::new(bundle)),
            None => promised_suffix(&name).map(|suffix| {
                let detail =
                    format!("the name ends in {suffix}, but the bytes are no zip; they were read as a single file");
                gaps::blocking(GapKind::Malformed, None, detail)
            }),
        },
    };
    let mut gaps: Vec<Gap> = gap.into_iter().collect();
    if let Err(limit) = budget.charge_entry() {
        gaps.push(gaps::blocking(GapKind::OverLimit, None, limit.to_string()));
    }
    Opened::Indexed(Box::new(Single::new(bytes, name, mode, gaps)))
}

/// Reads standard input, or any reader, into memory, up to the limit for a target.
///
/// It has an account of its own: the same bytes will be counted again once they are opened.
///
/// # Errors
/// That it fails, or is larger than a target may be.
pub fn read_input(reader: &mut dyn Read, limits: &Limits) -> Result<Vec<u8>, OpenError> {
    read_about(0, reader, limits)
}

/// [`read_input`] of what has about so many bytes: where that is true, no more memory than these is taken.
///
/// # Errors
/// Those of [`read_input`].
pub fn read_about(size: u64, reader: &mut dyn Read, limits: &Limits) -> Result<Vec<u8>, OpenError> {
    let mut input = Input { reader, taken: 0 };
    let most = usize::try_from(limits.target_bytes).unwrap_or(usize::MAX);
    // One byte more: that nothing follows is known only by asking.
    let mut bytes = Vec::with_capacity(usize::try_from(size).map_or(0, |size| size.min(most).saturating_add(1)));
    let filled = Budget::new(limits.clone()).fill(&mut input, &mut bytes, 0, most.saturating_add(1));
    match filled.end {
        End::Eof => {
            bytes.truncate(filled.bytes);
            Ok(bytes)
        }
        End::Full => Err(OpenError::Input(OverLimit::Target(limits.target_bytes).into())),
        End::Stopped(stop) => Err(OpenError::Input(stop)),
    }
}

/// A reader that decodes nothing.
struct Input<'r> {
    reader: &'r mut dyn Read,
    taken: u64,
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buf)?;
        self.taken += count as u64;
        Ok(count)
    }
}

impl Decoder for Input<'_> {
    fn consumed(&self) -> u64 {
        self.taken
    }
    fn produced(&self) -> u64 {
        self.taken
    }
}

/// The SHA-256 of a file, in hexadecimal. Apart from opening, so that both can happen at once.
///
/// # Errors
/// That the file cannot be read.
pub fn digest(path: &Path) -> Result<String, OpenError> {
    let failed = |source| OpenError::Path { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(failed)?;
    let mut hasher = Context::new(&SHA256);
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => hasher.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(hex(hasher.finish().as_ref()))
}
