//! A bundle: the whole database in one signed file, for the way over an air gap.
//!
//! ```text
//! signature   four lines, as the minisign tool writes them; without one: two lines of our own
//! manifest    one line of JSON
//! snapshot    to the end of the file
//! ```
//!
//! The signature covers manifest and snapshot; of its own lines the untrusted comment is fixed and the trusted one
//! follows from the manifest, so no byte of the file is free. It is verified before anything else is understood.
//! `docs/bundle.md` has the format in full. What a signature cannot say: whether the records are right.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::cache::{CacheLock, Current, digest, read_current};
use super::database::Database;
use super::error::AdvisoryError;
use super::signature::{LINES, Signer, Trust};
use super::snapshot;
use super::snapshot_read::Snapshot;

/// Raised with every change of the layout or of [`BundleManifest`].
const FORMAT: u16 = 2;
/// What the first line says, before the format.
const TITLE: &str = "tidewaiter advisory bundle, format ";
/// How the minisign tool begins its first line.
const COMMENT: &str = "untrusted comment: ";
/// After the title of a bundle that bears no signature.
const UNSIGNED: &str = ", unsigned";
/// Lines before the manifest of a bundle that bears no signature.
const UNSIGNED_LINES: usize = 2;
/// Bytes of the longest line; the manifest has a few for each ecosystem.
const MAX_LINE: usize = 64 << 10;
/// Bytes of the largest bundle. All records of OSV take about 60 MB.
const MAX_BYTES: u64 = 2 << 30;

/// Why a bundle was refused, or could not be made.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The first line is not that of a bundle.
    #[error("not a bundle of advisories")]
    NotABundle,
    /// It bears no signature, and none is not enough.
    #[error("the bundle is not signed")]
    Unsigned,
    /// It is signed with a key that nobody trusts here.
    #[error("the bundle is signed with the key {0}, which is not trusted")]
    UnknownKey(String),
    /// It is not as it was signed.
    #[error("the bundle was tampered with or damaged: {0}")]
    Tampered(&'static str),
    /// It has not the length that its manifest says.
    #[error("the bundle is {}: its manifest speaks of {expected} bytes, {found} are there",
        if found < expected { "truncated" } else { "longer than it was" })]
    Length {
        /// Bytes of the snapshot by the manifest.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// Another version of the program made it.
    #[error("{what} has format {found}, this program reads format {expected}: {}",
        if found < expected { "export it again with this version of tidewaiter" } else { "use a newer version of tidewaiter" })]
    Format {
        /// The bundle or its snapshot.
        what: &'static str,
        /// As written.
        found: u64,
        /// As understood.
        expected: u64,
    },
    /// Its signature is right, its content is not.
    #[error("the bundle's content is wrong: {0}")]
    Content(String),
    /// What is installed knows later records.
    #[error("the bundle is older than what is installed: {0}")]
    Older(String),
    /// A key that cannot be used.
    #[error("{0}")]
    Key(String),
    /// The cache, or a file.
    #[error(transparent)]
    Advisory(#[from] AdvisoryError),
}

/// What a bundle says of its snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleManifest {
    /// The bundle's format.
    pub format: u16,
    /// The snapshot's format.
    pub snapshot_format: u16,
    /// SHA-256 of the snapshot in hexadecimal, which is also its id.
    pub snapshot: String,
    /// Bytes of the snapshot.
    pub bytes: u64,
    /// RFC 3339: when the snapshot was put together.
    pub built_at: String,
    /// The ecosystems by name, then the feeds by name.
    pub sources: Vec<BundleSource>,
}

/// One ecosystem or feed of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleSource {
    /// OSV's name of the ecosystem, or the feed's.
    pub name: String,
    /// Live records, or CVEs.
    pub records: u64,
    /// RFC 3339: the newest `modified` among the records; the date that the feed bears.
    pub newest: Option<String>,
    /// RFC 3339: when they were last compared with their source.
    pub synced: Option<String>,
}

/// A verified bundle.
pub struct Bundle {
    pub(super) manifest: BundleManifest,
    pub(super) snapshot: Snapshot,
    signer: Option<String>,
}

impl Bundle {
    /// Makes the bytes of a bundle. All but the signature depend on the database alone.
    ///
    /// # Errors
    /// [`BundleError::Advisory`] where the snapshot is damaged; [`BundleError::Key`].
    pub fn write(database: &Database, signer: Option<&Signer>) -> Result<Vec<u8>, BundleError> {
        let snapshot = database.bytes()?;
        let info = database.info();
        let source = |one: &crate::model::SourceInfo| BundleSource {
            name: one.name.clone(),
            records: one.records,
            newest: one.newest.clone(),
            synced: one.synced.clone(),
        };
        let manifest = BundleManifest {
            format: FORMAT,
            snapshot_format: snapshot::FORMAT,
            snapshot: info.snapshot.clone(),
            bytes: snapshot.len() as u64,
            built_at: info.built_at.clone(),
            sources: info.ecosystems.iter().chain(&info.feeds).map(source).collect(),
        };
        let mut message = serde_json::to_vec(&manifest).map_err(|error| BundleError::Content(error.to_string()))?;
        let trusted = naming(&message);
        message.push(b'\n');
        message.extend_from_slice(&snapshot);
        let head = match signer {
            Some(signer) => signer.sign(&message, &title(), &trusted)?,
            None => format!("{}{UNSIGNED}\n{trusted}\n", title()),
        };
        Ok([head.into_bytes(), message].concat())
    }

    /// Reads and verifies a bundle.
    ///
    /// # Errors
    /// Every variant but [`BundleError::Older`], for the first thing that is wrong.
    pub fn read(path: &Path, trust: &Trust) -> Result<Bundle, BundleError> {
        Bundle::parse(read_file(path)?, trust)
    }

    /// Verifies the bytes of a bundle.
    ///
    /// # Errors
    /// As [`Bundle::read`].
    pub fn parse(mut file: Vec<u8>, trust: &Trust) -> Result<Bundle, BundleError> {
        let signed = is_signed(&file)?;
        let (head, message) = split_lines(&file, if signed { LINES } else { UNSIGNED_LINES })?;
        let (line, snapshot) = split_lines(message, 1)?;
        let trusted = naming(line.trim_end_matches('\n').as_bytes());
        let signer = if signed {
            // What the manifest says of the length explains a refusal, and allows nothing.
            Some(trust.verify(head, message, &title(), &trusted).map_err(|error| match error {
                BundleError::Tampered(_) => length_of(line, snapshot).err().unwrap_or(error),
                other => other,
            })?)
        } else if !trust.takes_unsigned() {
            return Err(BundleError::Unsigned);
        } else if head != format!("{}{UNSIGNED}\n{trusted}\n", title()) {
            return Err(BundleError::Tampered("the second line does not name the manifest"));
        } else {
            None
        };
        let manifest = length_of(line, snapshot)?;
        let snapshot = file.split_off(file.len() - snapshot.len());
        drop(file);
        let snapshot = check(&manifest, snapshot)?;
        Ok(Bundle { manifest, snapshot, signer })
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &BundleManifest {
        &self.manifest
    }

    /// The id of the key that signed it; `None` if none did.
    pub fn signer(&self) -> Option<&str> {
        self.signer.as_deref()
    }

    /// When each source was synced.
    pub(super) fn synced(&self) -> BTreeMap<String, String> {
        let sources = self.manifest.sources.iter();
        sources.filter_map(|source| Some((source.name.clone(), source.synced.clone()?))).collect()
    }

    /// Publishes its snapshot in a cache. Records in the cache's store stay as they are: the next sync compares them
    /// with the mirror, and replaces this snapshot by one of the store.
    ///
    /// # Errors
    /// [`BundleError::Older`], unless `allow_older`; [`BundleError::Advisory`].
    pub fn install(&self, lock: &CacheLock, allow_older: bool) -> Result<Current, BundleError> {
        // A cache that cannot be read knows nothing newer.
        if let Some(installed) = read_current(lock.dir()).ok().flatten()
            && !allow_older
        {
            self.not_older(&installed)?;
        }
        Ok(lock.publish(self.snapshot.in_memory(), &self.manifest.built_at, self.synced(), BTreeMap::new())?)
    }

    /// Neither the whole nor any source that both have may be older: an attacker who can hold back a bundle, but not
    /// sign one, must not be able to bring an old state back.
    fn not_older(&self, installed: &Current) -> Result<(), BundleError> {
        let read = |date: &str| DateTime::<FixedOffset>::parse_from_rfc3339(date).ok();
        let older = |what: &str, ours: &str, theirs: &str| match (read(ours), read(theirs)) {
            (ours_at, Some(theirs_at)) if ours_at.is_none_or(|at| at < theirs_at) => {
                Err(BundleError::Older(format!("{what} of {ours}, installed is {theirs}")))
            }
            _ => Ok(()),
        };
        older("a snapshot", &self.manifest.built_at, &installed.built_at)?;
        for (name, ours) in self.synced() {
            if let Some(theirs) = installed.synced.get(&name) {
                older(&format!("records of {name}"), &ours, theirs)?;
            }
        }
        Ok(())
    }
}

fn title() -> String {
    format!("{TITLE}{FORMAT}")
}

/// How a signature names the manifest that it was made for.
fn naming(manifest: &[u8]) -> String {
    format!("manifest sha256:{}", digest(manifest))
}

/// Whether the first line is that of a signed bundle; an error where it is no bundle's, or another format's.
fn is_signed(file: &[u8]) -> Result<bool, BundleError> {
    let (line, _) = split_lines(file, 1).map_err(|_| BundleError::NotABundle)?;
    let line = line.trim_end_matches('\n');
    let (signed, rest) = line.strip_prefix(COMMENT).map_or((false, line), |rest| (true, rest));
    let rest = rest.strip_prefix(TITLE).ok_or(BundleError::NotABundle)?;
    let number = if signed { rest } else { rest.strip_suffix(UNSIGNED).ok_or(BundleError::NotABundle)? };
    let found = number.parse().map_err(|_| BundleError::NotABundle)?;
    format("the bundle", found, FORMAT)?;
    Ok(signed)
}

fn format(what: &'static str, found: u64, expected: u16) -> Result<(), BundleError> {
    let expected = u64::from(expected);
    if found == expected { Ok(()) } else { Err(BundleError::Format { what, found, expected }) }
}

/// The first lines, each with its end, and what follows them.
fn split_lines(bytes: &[u8], count: usize) -> Result<(&str, &[u8]), BundleError> {
    let mut end = 0;
    for _ in 0..count {
        let line = &bytes[end..];
        let length = memchr::memchr(b'\n', &line[..line.len().min(MAX_LINE)]);
        end += length.ok_or(BundleError::Tampered("it ends, or runs on, before its snapshot begins"))? + 1;
    }
    let text = std::str::from_utf8(&bytes[..end]).map_err(|_| BundleError::Tampered("its head is not text"))?;
    Ok((text, &bytes[end..]))
}

/// Reads the manifest, and compares its length alone with the snapshot.
fn length_of(line: &str, snapshot: &[u8]) -> Result<BundleManifest, BundleError> {
    /// What the manifest of any format has.
    #[derive(Deserialize)]
    struct Probe {
        format: u64,
    }
    let wrong = |error: serde_json::Error| BundleError::Content(format!("manifest: {error}"));
    let probe: Probe = serde_json::from_str(line).map_err(wrong)?;
    format("the bundle", probe.format, FORMAT)?;
    let manifest: BundleManifest = serde_json::from_str(line).map_err(wrong)?;
    let (expected, found) = (manifest.bytes, snapshot.len() as u64);
    if expected == found { Ok(manifest) } else { Err(BundleError::Length { expected, found }) }
}

/// Opens the snapshot, if it is the manifest's.
fn check(manifest: &BundleManifest, snapshot: Vec<u8>) -> Result<Snapshot, BundleError> {
    format("the bundle's snapshot", u64::from(manifest.snapshot_format), snapshot::FORMAT)?;
    let wrong = |what: &str| BundleError::Content(what.to_owned());
    if digest(&snapshot) != manifest.snapshot {
        return Err(wrong("the snapshot's digest is not the manifest's"));
    }
    let snapshot = Snapshot::from_bytes(snapshot).map_err(|error| match error {
        AdvisoryError::Damaged(detail) => BundleError::Content(detail),
        other => BundleError::Advisory(other),
    })?;
    let held = || snapshot.manifest().ecosystems.iter().chain(&snapshot.manifest().feeds);
    let agree = held().count() == manifest.sources.len()
        && held().zip(&manifest.sources).all(|(held, source)| {
            (&held.name, held.records, &held.newest) == (&source.name, source.records, &source.newest)
        });
    if agree { Ok(snapshot) } else { Err(wrong("the manifest's sources are not the snapshot's")) }
}

/// A whole file, up to [`MAX_BYTES`].
fn read_file(path: &Path) -> Result<Vec<u8>, BundleError> {
    let metadata = fs::metadata(path).map_err(AdvisoryError::io(path))?;
    let length = usize::try_from(metadata.len()).ok().filter(|_| metadata.is_file() && metadata.len() <= MAX_BYTES);
    let mut bytes = vec![0; length.ok_or(BundleError::NotABundle)?];
    // What is appended while it is read is not looked at, and what is cut off is an error.
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut bytes));
    read.map_err(AdvisoryError::io(path))?;
    Ok(bytes)
}
