//! Strings of files that are not plain text, written as source text: compiled Python and Java, databases, notebooks.
//!
//! Such files are known by their first bytes, and read only where a keyword stands in them: all the others cost one
//! comparison. What a reader does not understand stays searched as bytes, by the rules that have a pattern.
//!
//! Compiled programs need no transcript; see [`program`].

mod class_file;
mod cursor;
mod marshal;
mod notebook;
mod opcodes;
pub mod program;
mod python;
mod sqlite;
mod transcript;

pub use transcript::Transcript;

/// Writes down the strings of a file; `None` if it is of no format that is known here.
pub fn transcript(bytes: &[u8]) -> Option<Transcript> {
    let mut out = Transcript::new(bytes.len());
    if class_file::is_class(bytes) {
        class_file::read(bytes, &mut out);
    } else if let Some(version) = marshal::version(bytes) {
        marshal::read(bytes, version, &mut out);
    } else if bytes.starts_with(sqlite::MAGIC) {
        sqlite::read(bytes, &mut out);
    } else if notebook::is_notebook(bytes) {
        notebook::read(bytes, &mut out);
    } else {
        return None;
    }
    Some(out)
}

#[cfg(test)]
mod tests;
