//! Where saved files lie: a folder here. (A bucket is in `bucket`.)
//!
//! `std::fs` rather than `object_store`'s local store: that one follows links, and brings an asynchronous runtime that
//! the default build has no other use for.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};

use super::names::{is_archive, is_json};
use crate::artifact::{self, HEAD, Limits, OpenError, OverLimit, Stop};
use crate::model::escape_path_bytes;
use crate::source::{FetchError, SourceError, Unseen};

/// Files that one tree may hold: a copy of some ten thousand functions has ten for each.
pub(super) const MOST_FILES: usize = 1_000_000;

/// A file that was saved.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Saved {
    /// Its path below the root, `/`-separated, escaped.
    pub path: String,
    /// The path as the system has it.
    pub raw: PathBuf,
    /// Bytes, as listed.
    pub bytes: u64,
    /// RFC 3339: when it was saved.
    pub at: String,
    /// What changes with its content, where listing tells.
    pub tag: Option<String>,
}

/// Files below one root.
pub(super) trait Tree: Send + Sync {
    /// As the user named it.
    fn name(&self) -> String;

    /// All files, sorted by path, and what could not be listed.
    ///
    /// # Errors
    /// That there is nothing to list.
    fn files(&self) -> Result<(Vec<Saved>, Vec<Unseen>), SourceError>;

    /// The first [`HEAD`] bytes.
    ///
    /// # Errors
    /// That they cannot be read.
    fn head(&self, file: &Saved) -> Result<Vec<u8>, FetchError>;

    /// All bytes, in memory.
    ///
    /// # Errors
    /// That they cannot be read, or are more than `most`.
    fn read(&self, file: &Saved, most: u64) -> Result<Vec<u8>, FetchError>;

    /// SHA-256 in hexadecimal, where it can be had without a download.
    ///
    /// # Errors
    /// That the file cannot be read.
    fn digest(&self, file: &Saved) -> Result<Option<String>, FetchError>;
}

/// A folder of this machine. Links in it are not followed, so that it cannot lead out of itself.
pub(super) struct Folder(pub PathBuf);

/// A place of which nothing is known: any function may lie there.
pub(super) fn unseen(path: &str, detail: &dyn std::fmt::Display) -> Unseen {
    Unseen { prefix: String::new(), detail: format!("`{path}`: {detail}") }
}

impl Tree for Folder {
    fn name(&self) -> String {
        self.0.display().to_string()
    }

    fn files(&self) -> Result<(Vec<Saved>, Vec<Unseen>), SourceError> {
        let failed = |error: io::Error| SourceError(format!("cannot list {}: {error}", self.0.display()));
        if !fs::metadata(&self.0).map_err(failed)?.is_dir() {
            return Err(SourceError(format!("{} is no folder; to audit one file, scan it", self.0.display())));
        }
        fs::read_dir(&self.0).map_err(failed)?;
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        let mut open = vec![PathBuf::new()];
        while let Some(folder) = open.pop() {
            self.list(&folder, &mut open, &mut found, &mut lost);
            if found.len() > MOST_FILES {
                let detail = format!("it holds more than {MOST_FILES} files; sweep its folders one by one");
                return Err(SourceError(format!("{}: {detail}", self.0.display())));
            }
        }
        found.sort();
        Ok((found, lost))
    }

    fn head(&self, file: &Saved) -> Result<Vec<u8>, FetchError> {
        let mut head = vec![0; HEAD];
        let mut filled = 0;
        let mut opened = self.open(file)?;
        while filled < HEAD {
            match opened.read(&mut head[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FetchError::Unavailable(error.to_string())),
            }
        }
        head.truncate(filled);
        Ok(head)
    }

    fn read(&self, file: &Saved, most: u64) -> Result<Vec<u8>, FetchError> {
        if file.bytes > most {
            return Err(FetchError::TooLarge(most));
        }
        let limits = Limits { target_bytes: most, ..Limits::default() };
        artifact::read_about(file.bytes, &mut self.open(file)?, &limits).map_err(|error| match error {
            OpenError::Input(Stop::Limit(OverLimit::Target(_))) => FetchError::TooLarge(most),
            error => FetchError::Unavailable(error.to_string()),
        })
    }

    fn digest(&self, file: &Saved) -> Result<Option<String>, FetchError> {
        self.open(file)?;
        artifact::digest(&self.0.join(&file.raw)).map(Some).map_err(|error| FetchError::Unavailable(error.to_string()))
    }
}

impl Folder {
    /// Lists one folder; those in it are put on the stack.
    fn list(&self, folder: &Path, open: &mut Vec<PathBuf>, found: &mut Vec<Saved>, lost: &mut Vec<Unseen>) {
        let children = match fs::read_dir(self.0.join(folder)) {
            Ok(children) => children,
            Err(error) => return lost.push(unseen(&shown(folder), &error)),
        };
        for child in children {
            let child = match child {
                Ok(child) => folder.join(child.file_name()),
                Err(error) => return lost.push(unseen(&shown(folder), &error)),
            };
            match fs::symlink_metadata(self.0.join(&child)) {
                Ok(about) if about.is_dir() => open.push(child),
                Ok(about) if about.is_file() => found.push(Saved {
                    path: shown(&child),
                    bytes: about.len(),
                    at: saved_at(&about),
                    tag: None,
                    raw: child,
                }),
                // What a link leads to is listed where it lies, if it lies here; one that leads elsewhere hides something.
                Ok(about) if about.is_symlink() && !self.leads_back(&child) => {
                    let detail = "a link that leads out of the folder, or nowhere, was not followed";
                    lost.push(unseen(&shown(&child), &detail));
                }
                // A pipe or a device; a socket that is called like nothing of ours is nobody's function.
                Ok(about) if !about.is_symlink() && is_wanted(&shown(&child)) => {
                    lost.push(unseen(&shown(&child), &"it is neither a file nor a folder, and was not read"));
                }
                Ok(_) => {}
                Err(error) => lost.push(unseen(&shown(&child), &error)),
            }
        }
    }

    /// Whether a link ends below the root. Nothing is read there.
    fn leads_back(&self, link: &Path) -> bool {
        let ends = |path: &Path| path.canonicalize().ok();
        ends(&self.0).zip(ends(&self.0.join(link))).is_some_and(|(root, end)| end.starts_with(root))
    }

    /// Between listing and reading, a file may have become a link or a pipe, which would block.
    fn open(&self, file: &Saved) -> Result<File, FetchError> {
        let path = self.0.join(&file.raw);
        let failed = |error: io::Error| FetchError::Unavailable(error.to_string());
        if !fs::symlink_metadata(&path).map_err(failed)?.is_file() {
            return Err(FetchError::Unavailable("it is no longer a file".to_owned()));
        }
        File::open(&path).map_err(failed)
    }
}

fn is_wanted(path: &str) -> bool {
    is_archive(path) || is_json(path)
}

/// The path as a name. The system's separator becomes `/`.
fn shown(path: &Path) -> String {
    let raw = path.as_os_str().as_encoded_bytes();
    let raw: Vec<u8> = raw.iter().map(|&byte| if byte == MAIN_SEPARATOR as u8 { b'/' } else { byte }).collect();
    escape_path_bytes(&raw)
}

fn saved_at(about: &Metadata) -> String {
    let time = about.modified().map(DateTime::<Utc>::from).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
