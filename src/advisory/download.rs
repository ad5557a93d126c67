//! Downloads of large files, which go on where they broke off, also in a later run.
//!
//! ```text
//! <name>         the bytes that have come
//! <name>.json    of which address, with which validators, and whether they are all
//! ```
//!
//! Whether the end of a file belongs to its beginning is the server's word (`If-Range`,
//! <https://www.rfc-editor.org/rfc/rfc9110#field.if-range>), so whoever reads a file that was resumed has to check it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use reqwest::blocking::Response;
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, IF_RANGE, RANGE};
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::error::AdvisoryError;
use super::http::{Failure, Http, text};
use super::mirror::{Fetched, Validator};

/// A file that is downloaded.
pub(super) struct Download<'a> {
    http: &'a Http,
    url: Url,
    path: PathBuf,
    /// Bytes that it may have.
    limit: u64,
}

/// What `<name>.json` says.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    url: String,
    validator: Validator,
    complete: bool,
}

/// How a file came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// In one answer.
    Whole,
    /// In several.
    InParts,
}

impl<'a> Download<'a> {
    pub(super) fn new(http: &'a Http, url: Url, path: &Path, limit: u64) -> Download<'a> {
        Download { http, url, path: path.to_owned(), limit }
    }

    /// Brings the file to its place; [`Fetched::Unchanged`] if it is what `since` was given for, and is not here.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`], [`AdvisoryError::Io`]. What has come until then stays for the next time.
    pub(super) fn run(&self, since: Option<&Validator>) -> Result<Fetched<Came>, AdvisoryError> {
        if let Some(folder) = self.path.parent() {
            fs::create_dir_all(folder).map_err(AdvisoryError::io(folder))?;
        }
        let mut since = since;
        let mut came = Came::Whole;
        self.http.insist(&self.url, || {
            let note = self.note();
            let length = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
            let part = note.as_ref().filter(|note| !note.complete && length > 0);
            let range = part.and_then(|note| Some((note.validator.strong()?, length)));
            let whole = note.as_ref().filter(|note| note.complete).map(|note| &note.validator);
            let headers = match range {
                Some((etag, length)) => resume(etag, length),
                None => whole.or(since).map(Validator::conditions).unwrap_or_default(),
            };
            let response = self.http.send(&self.url, headers)?;
            match response.status() {
                StatusCode::NOT_FOUND => Ok(Fetched::Missing),
                StatusCode::NOT_MODIFIED if range.is_none() => {
                    let Some(known) = whole.or(since) else { return Err(Failure::never("'not modified', unasked")) };
                    if known.is_denied_by(&response) {
                        discard(&self.path);
                        since = None;
                        return Err(Failure::later("'not modified', with another date than before"));
                    }
                    // Nobody knows any more how a file of an earlier run came.
                    let kept = || Fetched::New(Came::InParts, whole.cloned());
                    Ok(if whole.is_some() { kept() } else { Fetched::Unchanged })
                }
                StatusCode::OK => {
                    came = Came::Whole;
                    self.write(response, 0).map(|validator| Fetched::New(came, Some(validator)))
                }
                StatusCode::PARTIAL_CONTENT if range.is_some_and(|(_, length)| starts_at(&response, length)) => {
                    came = Came::InParts;
                    self.write(response, length).map(|validator| Fetched::New(came, Some(validator)))
                }
                StatusCode::RANGE_NOT_SATISFIABLE | StatusCode::PARTIAL_CONTENT => {
                    discard(&self.path);
                    Err(Failure::later("the server cannot go on where the download broke off"))
                }
                status => Err(Failure::never(format_args!("the server answers {status}"))),
            }
        })
    }

    fn note(&self) -> Option<Note> {
        let note: Note = serde_json::from_slice(&fs::read(note_path(&self.path)).ok()?).ok()?;
        (note.url == self.url.as_str()).then_some(note)
    }

    /// Writes a body behind the first `before` bytes.
    fn write(&self, response: Response, before: u64) -> Result<Validator, Failure> {
        let failed = |error: std::io::Error| Failure::never(format_args!("{}: {error}", self.path.display()));
        let validator = Validator::of(&response);
        let note = |complete| Note { url: self.url.to_string(), validator: validator.clone(), complete };
        let mut file = if before == 0 {
            // The note first: bytes without a note are thrown away, a note without its bytes asks for all of them.
            discard(&self.path);
            self.set_note(&note(false)).map_err(failed)?;
            File::create(&self.path)
        } else {
            OpenOptions::new().append(true).open(&self.path)
        }
        .map_err(failed)?;
        let mut take = |piece: &[u8]| file.write_all(piece).map_err(failed);
        self.http.receive(&self.url, response, before, self.limit, &mut take)?;
        file.sync_all().map_err(failed)?;
        self.set_note(&note(true)).map_err(failed)?;
        Ok(validator)
    }

    fn set_note(&self, note: &Note) -> std::io::Result<()> {
        let path = note_path(&self.path);
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(note)?)?;
        fs::rename(beside, path)
    }
}

/// Forgets a file, whole or not. The note goes first, since bytes without one count for nothing.
pub(super) fn discard(path: &Path) {
    let _ = fs::remove_file(note_path(path));
    let _ = fs::remove_file(path);
}

fn note_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".json");
    PathBuf::from(name)
}

fn resume(etag: &str, length: u64) -> HeaderMap {
    let pairs = [(RANGE, format!("bytes={length}-")), (IF_RANGE, etag.to_owned())];
    pairs.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_str(&value).ok()?))).collect()
}

/// `Content-Range: bytes <first>-<last>/<total>`.
fn starts_at(response: &Response, length: u64) -> bool {
    let range = text(response, CONTENT_RANGE);
    let first = range.as_deref().and_then(|range| range.strip_prefix("bytes ")?.split('-').next());
    first.and_then(|first| first.parse().ok()) == Some(length)
}
