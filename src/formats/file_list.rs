//! Lists of relative paths: `RECORD`, `installed-files.txt`.

/// The most paths that are taken from one list: as many as a target may have entries.
const MOST_PATHS: usize = 200_000;
/// The most bytes that the paths of one list may take. A short line becomes a long path when its folder is deep.
const MOST_BYTES: usize = 64 << 20;

/// Paths in an archive, made from paths relative to one of its folders.
#[derive(Debug, Default)]
pub struct FileList {
    paths: Vec<String>,
    bytes: usize,
    full: bool,
}

impl FileList {
    /// Adds `relative` as seen from `folder`; nothing if it does not lie in the archive (see [`resolve`]).
    pub fn push(&mut self, folder: &str, relative: &str) {
        let size = folder.len().saturating_add(relative.len());
        if self.paths.len() >= MOST_PATHS || self.bytes.saturating_add(size) > MOST_BYTES {
            self.full = true;
            return;
        }
        if let Some(path) = resolve(folder, relative) {
            self.bytes += size;
            self.paths.push(path);
        }
    }

    /// Whether paths were left out because the list is too long.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// The paths.
    pub fn into_paths(self) -> Vec<String> {
        self.paths
    }
}

/// The path that `relative` means as seen from `folder`, by its letters alone: no link is followed.
///
/// `None` for an absolute path, for one that leaves the archive, and for the archive's root itself.
pub fn resolve(folder: &str, relative: &str) -> Option<String> {
    if relative.starts_with('/') {
        return None;
    }
    let mut parts = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Where a path of a wheel's `RECORD` lies after `pip install --target`, which records scripts where it built them, then
/// moves them beside the packages.
pub fn moved_script(relative: &str) -> Option<String> {
    relative.strip_prefix("../../bin/").map(|script| format!("bin/{script}"))
}

/// The first field of every row of a comma-separated list (RFC 4180: `"` quotes, `""` is a quote, rows may span lines).
pub fn first_fields(text: &str) -> impl Iterator<Item = String> {
    rows(text).map(|(first, _)| first)
}

/// The first field of every row as [`first_fields`] reads it, and what follows its comma on the same line, as written.
pub fn rows(text: &str) -> impl Iterator<Item = (String, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start_matches(['\r', '\n']);
            if rest.is_empty() {
                return None;
            }
            let field = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (field, after) = unquote(quoted);
                    rest = after;
                    field
                }
                None => {
                    let end = rest.find([',', '\r', '\n']).unwrap_or(rest.len());
                    let (field, after) = rest.split_at(end);
                    rest = after;
                    field.to_owned()
                }
            };
            let (line, next) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = next;
            if !field.is_empty() {
                return Some((field, line.trim_start_matches(',').trim_end_matches('\r')));
            }
        }
    })
}

/// The field behind an opening quote, and what follows its closing one.
fn unquote(text: &str) -> (String, &str) {
    let mut field = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return (field, after),
        }
    }
    field.push_str(rest);
    (field, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_in_the_archive() {
        for (folder, relative, path) in [
            ("", "six.py", Some("six.py")),
            ("lib/site", "./a//b.py", Some("lib/site/a/b.py")),
            ("lib/site", "../../bin/x", Some("bin/x")),
            ("lib", "../../bin/x", None),
            ("lib", "/usr/bin/x", None),
            ("lib", "..", None),
            ("", "", None),
        ] {
            assert_eq!(resolve(folder, relative).as_deref(), path, "{folder} + {relative}");
        }
    }

    #[test]
    fn quotes_may_hold_commas_quotes_and_lines() {
        let rows = "a.py,sha256=x,1\r\n\"b,c.py\",,\n\n\"d\"\"e\nf.py\",sha256=y,2\n,,\nlast.py";
        assert_eq!(first_fields(rows).collect::<Vec<_>>(), ["a.py", "b,c.py", "d\"e\nf.py", "last.py"]);
        assert_eq!(first_fields("\"open").collect::<Vec<_>>(), ["open"]);
        let second: Vec<&str> = super::rows(rows).map(|(_, rest)| rest).collect();
        assert_eq!(second, ["sha256=x,1", "", "sha256=y,2", ""]);
    }

    #[test]
    fn a_deep_folder_does_not_multiply_without_bound() {
        let folder = "x".repeat(1 << 20);
        let mut list = FileList::default();
        for _ in 0..100 {
            list.push(&folder, "a");
        }
        assert!(list.is_full());
        assert!(list.into_paths().len() < 64);
    }
}
