//! What each file of a tree is: an archive, an output of the command line, or neither.

use std::rc::Rc;

use rayon::prelude::*;

use super::account::Output;
use super::index::Stored;
use super::names::{is_archive, is_json};
use super::tree::{Saved, Tree, unseen};
use crate::artifact::Magic;
use crate::formats::text::decode_unicode;
use crate::source::aws_json::{self, Document};
use crate::source::{FetchError, SourceError, Unseen};

/// The largest output that is read: authorization details of an account of thousands of roles.
const MAX_JSON: u64 = 32 << 20;
/// Bytes of JSON that are read over the whole tree.
const MAX_JSON_TOGETHER: u64 = 1 << 30;
/// A file with more is not digested: it is larger than what any cloud takes, by far.
const MAX_DIGESTED: u64 = 4 << 30;
/// Files that are looked at at a time: more would hold too many large outputs in memory.
const AT_ONCE: usize = 4;

/// The files of a tree.
pub(super) struct Sorted {
    /// By path.
    pub archives: Vec<Stored>,
    /// By path, and in the order of the file.
    pub outputs: Vec<Output>,
    /// JSON that could not be read.
    pub broken: Vec<Broken>,
    /// What could not be listed.
    pub unseen: Vec<Unseen>,
}

/// JSON that could not be read.
pub(super) struct Broken {
    pub path: String,
    /// Why; quotes no value.
    pub detail: String,
}

/// What a file is.
enum Kind {
    Json,
    /// With its digest, where it can be had without a download.
    Archive(Option<String>),
    /// A README, a template, a signature.
    Neither,
    Lost(FetchError),
}

/// Looks at every file, some at a time: of a bucket each takes a request.
pub(super) fn sort(tree: &dyn Tree) -> Result<Sorted, SourceError> {
    let (files, lost) = tree.files()?;
    let mut sorted = Sorted { archives: Vec::new(), outputs: Vec::new(), broken: Vec::new(), unseen: lost };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(AT_ONCE).build();
    let pool = pool.map_err(|error| SourceError(format!("no threads to read files: {error}")))?;
    let kinds: Vec<Kind> = pool.install(|| files.par_iter().map(|file| kind(tree, file)).collect());
    let (mut json, mut room) = (Vec::new(), MAX_JSON_TOGETHER);
    for (file, kind) in files.into_iter().zip(kinds) {
        match kind {
            Kind::Json => {
                let most = MAX_JSON.min(room);
                room -= if file.bytes > most { 0 } else { file.bytes };
                json.push((file, most));
            }
            Kind::Archive(sha256) => sorted.archives.push(Stored { file, sha256 }),
            Kind::Neither => {}
            Kind::Lost(error) => sorted.unseen.push(unseen(&file.path, &error)),
        }
    }
    let read: Vec<_> = pool.install(|| json.par_iter().map(|(file, most)| documents(tree, file, *most)).collect());
    for ((file, _), outputs) in json.into_iter().zip(read) {
        match outputs {
            Ok(documents) => {
                let (path, at): (Rc<str>, Rc<str>) = (file.path.into(), file.at.into());
                let output = |document| Output { path: Rc::clone(&path), at: Rc::clone(&at), document };
                sorted.outputs.extend(documents.into_iter().map(output));
            }
            Err(detail) if is_json(&file.path) => sorted.broken.push(Broken { path: file.path, detail }),
            // A text that only begins like JSON promised nothing.
            Err(_) => {}
        }
    }
    Ok(sorted)
}

fn kind(tree: &dyn Tree, file: &Saved) -> Kind {
    if is_json(&file.path) {
        return Kind::Json;
    }
    if !is_archive(&file.path) {
        match tree.head(file) {
            Ok(head) if Magic::of(&head).is_archive() => {}
            Ok(head) if begins_like_json(&head) => return Kind::Json,
            Ok(_) => return Kind::Neither,
            Err(error) => return Kind::Lost(error),
        }
    }
    // Without a digest it is listed all the same: fetching it tells what is wrong.
    Kind::Archive(if file.bytes > MAX_DIGESTED { None } else { tree.digest(file).unwrap_or_default() })
}

/// What a file of JSON says, or why it says nothing.
fn documents(tree: &dyn Tree, file: &Saved, most: u64) -> Result<Vec<Document>, String> {
    let bytes = tree.read(file, most).map_err(|error| error.to_string())?;
    // Windows PowerShell's `aws ... > orders.json` writes UTF-16.
    let text = decode_unicode(&bytes).ok_or("it is not text: save it as UTF-8")?;
    aws_json::documents(&text).map_err(|error| error.to_string())
}

/// `{` or `[` as the first letter, in any encoding.
fn begins_like_json(head: &[u8]) -> bool {
    let mut letters = head.iter().filter(|byte| byte.is_ascii_graphic());
    matches!(letters.next(), Some(b'{' | b'['))
}
