//! Parts of `/`-separated paths.

/// The folder of a path, `""` for a name at the root.
pub fn folder_of(path: &str) -> &str {
    split(path).0
}

/// The last part of a path.
pub fn file_name(path: &str) -> &str {
    split(path).1
}

/// Both. Every extractor asks for the name of every entry: `memrchr` does it in a quarter of the time of `rsplit_once`.
fn split(path: &str) -> (&str, &str) {
    memchr::memrchr(b'/', path.as_bytes()).map_or(("", path), |at| (&path[..at], &path[at + 1..]))
}

/// `folder/name`, or `name` at the root.
pub fn join_path(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
