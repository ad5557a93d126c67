//! What each file of a tree is: an archive, an output of the command line, or neither.

use std::rc::Rc;

use super::account::Output;
use super::index::Stored;
use super::names::{is_archive, is_json};
use super::tree::{Saved, Tree, unseen};
use crate::artifact::Magic;
use crate::formats::text::decode_unicode;
use crate::source::aws_json;
use crate::source::{SourceError, Unseen};

/// The largest output that is read: authorization details of an account of thousands of roles.
const MAX_JSON: u64 = 32 << 20;
/// Bytes of JSON that are read over the whole tree.
const MAX_JSON_TOGETHER: u64 = 1 << 30;
/// A file with more is not digested: it is larger than what any cloud takes, by far.
const MAX_DIGESTED: u64 = 4 << 30;

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

/// Looks at every file. Neither archive nor output are a README, a template, a signature: they are passed over.
pub(super) fn sort(tree: &dyn Tree) -> Result<Sorted, SourceError> {
    let (files, lost) = tree.files()?;
    let mut sorted = Sorted { archives: Vec::new(), outputs: Vec::new(), broken: Vec::new(), unseen: lost };
    let mut room = MAX_JSON_TOGETHER;
    for file in files {
        let (json, archive) = (is_json(&file.path), is_archive(&file.path));
        let head = if json || archive { Ok(Vec::new()) } else { tree.head(&file) };
        match head {
            Ok(_) if json => sorted.read_json(tree, &file, &mut room),
            Ok(head) if archive || Magic::of(&head).is_archive() => sorted.keep(tree, file),
            Ok(head) if begins_like_json(&head) => sorted.read_json(tree, &file, &mut room),
            Ok(_) => {}
            Err(error) => sorted.unseen.push(unseen(&file.path, &error)),
        }
    }
    Ok(sorted)
}

impl Sorted {
    fn read_json(&mut self, tree: &dyn Tree, file: &Saved, room: &mut u64) {
        let outputs = tree.read(file, MAX_JSON.min(*room)).map_err(|error| error.to_string()).and_then(|bytes| {
            *room = room.saturating_sub(bytes.len() as u64);
            // Windows PowerShell's `aws ... > orders.json` writes UTF-16.
            let text = decode_unicode(&bytes).ok_or("it is not text: save it as UTF-8")?;
            aws_json::documents(&text).map_err(|error| error.to_string())
        });
        match outputs {
            Ok(documents) => {
                let (path, at): (Rc<str>, Rc<str>) = (file.path.as_str().into(), file.at.as_str().into());
                let output = |document| Output { path: Rc::clone(&path), at: Rc::clone(&at), document };
                self.outputs.extend(documents.into_iter().map(output));
            }
            Err(detail) if is_json(&file.path) => self.broken.push(Broken { path: file.path.clone(), detail }),
            // A text that only begins like JSON promised nothing.
            Err(_) => {}
        }
    }

    fn keep(&mut self, tree: &dyn Tree, file: Saved) {
        let digest = if file.bytes > MAX_DIGESTED { Ok(None) } else { tree.digest(&file) };
        match digest {
            Ok(sha256) => self.archives.push(Stored { file, sha256 }),
            // It is listed all the same: fetching it tells what is wrong.
            Err(_) => self.archives.push(Stored { file, sha256: None }),
        }
    }
}

/// `{` or `[` as the first letter, in any encoding.
fn begins_like_json(head: &[u8]) -> bool {
    let mut letters = head.iter().filter(|byte| byte.is_ascii_graphic());
    matches!(letters.next(), Some(b'{' | b'['))
}
