//! A folder as an archive: walked once, read file by file.
//!
//! Links are recorded and never followed, so that a folder cannot lead out of itself or round in a circle.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::model::{Gap, GapKind, escape_path_bytes};

use super::budget::{Budget, Stop};
use super::bytes::Bytes;
use super::window::visit_all;
use super::{EntryKind, Indexed, Meta, Piece, gaps, names};

/// Names beyond the limit for entries that one folder's list may hold: sorting needs them all, memory does not allow it.
const SPARE_NAMES: usize = 1_000_000;

/// A folder, listed.
#[derive(Debug)]
pub(crate) struct Folder {
    root: PathBuf,
    /// Each with its path below the root.
    entries: Vec<(PathBuf, Meta)>,
    gaps: Vec<Gap>,
}

impl Folder {
    /// Lists everything below `root`, sorted by name. Where the folder's own name tells what lies in it, it is the first
    /// part of every name.
    pub(crate) fn open(root: &Path, budget: &Budget) -> Folder {
        let (root, first) = telling(root).unwrap_or_else(|| (root.to_owned(), PathBuf::new()));
        let mut folder = Folder { root, entries: Vec::new(), gaps: Vec::new() };
        let mut open = vec![first];
        while let Some(path) = open.pop() {
            if let Err(limit) = folder.list(&path, &mut open, budget) {
                let detail = format!("{limit}; what comes after `{}` was not listed", shown(&path));
                folder.gaps.push(gaps::blocking(GapKind::OverLimit, None, detail));
                break;
            }
        }
        folder.entries.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        folder.gaps.sort();
        folder
    }

    /// Lists one folder; the folders in it are put on the stack, the last one on top.
    fn list(&mut self, path: &Path, open: &mut Vec<PathBuf>, budget: &Budget) -> Result<(), super::OverLimit> {
        budget.check_time()?;
        let children = match fs::read_dir(self.root.join(path)) {
            Ok(children) => children,
            Err(error) => {
                self.unreadable(path, &error);
                return Ok(());
            }
        };
        // Sorted before anything is counted: where the limit falls must not depend on the file system's order.
        let mut found = Vec::new();
        let most = usize::try_from(budget.limits().entries).unwrap_or(usize::MAX).saturating_add(SPARE_NAMES);
        for child in children.take(most) {
            match child {
                Ok(child) => found.push(child.file_name()),
                Err(error) => self.unreadable(path, &error),
            }
        }
        found.sort();
        let first = open.len();
        for name in found {
            let child = path.join(name);
            budget.charge_entry()?;
            match fs::symlink_metadata(self.root.join(&child)) {
                Ok(about) => {
                    if about.is_dir() {
                        open.push(child.clone());
                    }
                    self.add(child, &about);
                }
                Err(error) => self.unreadable(&child, &error),
            }
        }
        open[first..].reverse();
        Ok(())
    }

    fn add(&mut self, path: PathBuf, about: &Metadata) {
        let name = shown(&path);
        let kind = about.file_type();
        let mut link = None;
        let kind = if kind.is_file() {
            EntryKind::File
        } else if kind.is_dir() {
            EntryKind::Folder
        } else if kind.is_symlink() {
            match fs::read_link(self.root.join(&path)) {
                Ok(target) => {
                    if leaves(&path, &target) {
                        let detail =
                            format!("the link leads out of the folder, to `{}`, and was not followed", shown(&target));
                        self.gaps.push(gaps::note(GapKind::Link, Some(&name), detail));
                    }
                    link = Some(shown(&target));
                }
                Err(error) => self.unreadable(&path, &error),
            }
            EntryKind::Link
        } else {
            EntryKind::Other
        };
        self.gaps.extend(names::unsafe_name(path.as_os_str().as_encoded_bytes(), &name));
        let size_hint = if kind == EntryKind::File { about.len() } else { 0 };
        self.entries.push((path, Meta { name, kind, size_hint, mode: mode(about), link }));
    }

    fn unreadable(&mut self, path: &Path, error: &io::Error) {
        let name = shown(path);
        let place = (!name.is_empty()).then_some(name.as_str());
        self.gaps.push(gaps::blocking(GapKind::Unreadable, place, error.to_string()));
    }

    /// Sum of the sizes of all files, as listed.
    pub(crate) fn bytes(&self) -> u64 {
        self.entries.iter().map(|(_, meta)| meta.size_hint).sum()
    }
}

/// The folder above and the folder's name, where package managers give such folders a name that says what is in them:
/// without it, `node_modules/a/package.json` would be somebody's own `a/package.json`.
fn telling(root: &Path) -> Option<(PathBuf, PathBuf)> {
    let root = root.canonicalize().ok()?;
    let name = root.file_name()?.to_str()?;
    let tells = matches!(name, "node_modules" | "site-packages" | "dist-packages")
        || [".dist-info", ".egg-info"].iter().any(|end| name.ends_with(end));
    tells.then(|| Some((root.parent()?.to_owned(), PathBuf::from(name))))?
}

/// The path as a name. The system's separator becomes `/`.
fn shown(path: &Path) -> String {
    let raw = path.as_os_str().as_encoded_bytes();
    if std::path::MAIN_SEPARATOR == '/' {
        return escape_path_bytes(raw);
    }
    let raw: Vec<u8> = raw.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    escape_path_bytes(&raw)
}

/// Unix permission bits.
#[cfg(unix)]
pub(crate) fn mode(about: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(about.permissions().mode() & 0o7777)
}

/// Other systems have none.
#[cfg(not(unix))]
pub(crate) fn mode(_about: &Metadata) -> Option<u32> {
    None
}

/// Whether a link's target lies outside the root, by its text alone: to ask the file system would follow it.
fn leaves(link: &Path, target: &Path) -> bool {
    let mut depth = link.components().count().saturating_sub(1);
    for part in target.components() {
        match part {
            Component::Prefix(_) | Component::RootDir => return true,
            Component::CurDir => {}
            Component::ParentDir if depth == 0 => return true,
            Component::ParentDir => depth -= 1,
            Component::Normal(_) => depth += 1,
        }
    }
    false
}

impl Indexed for Folder {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn meta(&self, index: usize) -> &Meta {
        &self.entries[index].1
    }

    fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn read(
        &self,
        index: usize,
        budget: &Budget,
        scratch: &mut Vec<u8>,
        visit: &mut dyn FnMut(Piece<'_>),
    ) -> Result<(), Box<Gap>> {
        let (path, meta) = &self.entries[index];
        if meta.kind != EntryKind::File {
            return Ok(());
        }
        let failed = |stop: Stop, read| Box::new(gaps::stopped(&stop, Some(&meta.name), read));
        let path = self.root.join(path);
        // Between listing and reading, a file may have become a link or a pipe, which would block.
        let changed = || {
            let detail = "the file changed while the folder was read";
            Box::new(gaps::blocking(GapKind::Unreadable, Some(&meta.name), detail))
        };
        if !fs::symlink_metadata(&path).map_err(|error| failed(error.into(), 0))?.is_file() {
            return Err(changed());
        }
        let bytes = File::open(&path).and_then(Bytes::file).map_err(|error| failed(error.into(), 0))?;
        // One byte more than there should be, to see a file that grows.
        let size = bytes.len();
        visit_all(&mut bytes.reader(0, size), budget, scratch, visit).map_err(|(stop, read)| failed(stop, read))?;
        let mut more = [0];
        match bytes.copy_at(&mut more, size) {
            Ok(0) => Ok(()),
            _ => Err(changed()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_judged_by_their_text() {
        for (link, target, out) in [
            ("a/b", "../c", false),
            ("a/b", "../../c", true),
            ("b", "..", true),
            ("b", "/etc/passwd", true),
            ("a/b", "x/../../y", false),
            ("a/b", "./c", false),
        ] {
            assert_eq!(leaves(Path::new(link), Path::new(target)), out, "{link} -> {target}");
        }
    }
}
