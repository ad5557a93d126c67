//! Floor 4: a [`Verdict`] in the words of one format. One file per format and one line in [`ALL`].
//!
//! A reporter decides nothing: what violates, what is waived and how the run ends is written in the verdict. It may
//! group, and it may cut a long list of things that violate nothing, if it says how many it left out.

mod escape;
mod json_v1;
mod place;
mod summary;
mod table;

use std::io::{self, Write};

use crate::policy::Verdict;

pub use escape::escape;
pub use json_v1::{JsonV1, ReadError, read, write_diff as write_diff_json};
pub use table::{Table, write_diff as write_diff_table};

/// Every format, in the order of `--help`.
pub const ALL: &[&dyn Reporter] = &[&Table, &JsonV1];

/// One output format.
pub trait Reporter: Sync {
    /// The word behind `--format`.
    fn id(&self) -> &'static str;

    /// Writes the whole report, in many small pieces: `out` should be buffered. The only errors are those of `out`.
    fn write(&self, verdict: &Verdict, style: &Style, out: &mut dyn Write) -> io::Result<()>;
}

/// The format of that name.
pub fn by_id(id: &str) -> Option<&'static dyn Reporter> {
    ALL.iter().copied().find(|reporter| reporter.id() == id)
}

/// What the receiving end can show; formats for programs ignore it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colours may be used. `NO_COLOR`, pipes and flags are resolved by the caller.
    pub color: bool,
    /// Columns. Less than [`Style::MIN_WIDTH`] is treated as that.
    pub width: usize,
    /// Characters beyond ASCII may be used for rules and marks. Names of the artifact keep theirs.
    pub unicode: bool,
}

impl Style {
    /// Below this the columns of a table do not fit, and wrapping by the terminal is the lesser evil.
    pub const MIN_WIDTH: usize = 60;
}
