//! Floor 4: a [`Verdict`] in the words of one format. One file per format and one line in [`ALL`].
//!
//! A reporter decides nothing: what violates, what is waived and how the run ends is written in the verdict. It may
//! group, and it may cut a long list of things that violate nothing, if it says how many it left out.

mod asff;
mod csv;
mod cyclonedx;
mod deployed;
mod escape;
mod facts;
mod gitlab;
mod html;
mod json_text;
mod json_v1;
mod junit;
mod ledger;
mod markdown;
mod markup;
mod news;
mod notice;
mod ocsf;
mod openvex;
mod place;
mod sarif;
mod spdx;
mod summary;
mod table;
mod words;

use std::io::{self, Write};

use crate::model::FindingKind;
use crate::policy::Verdict;

pub use asff::Asff;
pub use csv::Csv;
pub use cyclonedx::Cyclonedx;
pub use escape::escape;
pub use gitlab::{GitlabDependencies, GitlabSecrets};
pub use html::Html;
pub use json_v1::{JsonV1, Ndjson, ReadError, read, write_diff as write_diff_json};
pub use junit::Junit;
pub use markdown::Markdown;
pub use notice::{NoticeFormat, notice};
pub use ocsf::Ocsf;
pub use openvex::Openvex;
pub use sarif::Sarif;
pub use spdx::Spdx;
pub use table::{Table, write_diff as write_diff_table};

/// Every format, in the order of `--help`.
pub const ALL: &[&dyn Reporter] = &[
    &Table,
    &JsonV1,
    &Ndjson,
    &Sarif,
    &Cyclonedx::V1_6,
    &Cyclonedx::V1_7,
    &Spdx,
    &Openvex,
    &Junit,
    &GitlabDependencies,
    &GitlabSecrets,
    &Markdown,
    &Csv,
    &Html,
    &Asff,
    &Ocsf,
];

/// One output format.
pub trait Reporter: Sync {
    /// The word behind `--format`.
    fn id(&self) -> &'static str;

    /// Whether the format has a place for something.
    fn carries(&self, _: Part) -> bool {
        true
    }

    /// Writes the whole report, in many small pieces: `out` should be buffered. The only errors are those of `out`.
    fn write(&self, verdict: &Verdict, style: &Style, out: &mut dyn Write) -> io::Result<()>;
}

/// Something that a verdict holds and a format may have no place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Findings of one kind.
    Findings(FindingKind),
    /// Gaps, of whatever kind.
    Gaps,
    /// The list of packages; those that findings speak of are named in any case.
    Packages,
    /// Waivers that are unused or expired.
    IdleWaivers,
}

impl Part {
    /// The word in the README's table.
    pub fn word(self) -> &'static str {
        match self {
            Part::Findings(kind) => kind.word(),
            Part::Gaps => "gaps",
            Part::Packages => "packages",
            Part::IdleWaivers => "idle waivers",
        }
    }
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
