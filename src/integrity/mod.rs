//! Floor 2: are the files of an installed package those that it recorded, and what runs before the handler.
//!
//! A Python package lists its files with their digests in `RECORD`
//! (<https://packaging.python.org/en/latest/specifications/recording-installed-packages/>). Files that differ, and code
//! in its folders that it does not list, are findings; what packagers usually change is not: stripped libraries,
//! bytecode, deleted files, other line ends, the first line of a script. npm records no digests: there the scripts of an
//! installation and programs in packages that should have none are all that can be looked at.
//!
//! What this cannot know: `RECORD` lies beside the files that it vouches for, so it shows tampering, never innocence.
//! Bulky data is compared by its size alone. Whether bytecode was compiled from the source beside it (PEP 552's header
//! names the source, whoever wrote it) and what a stripped library contained before cannot be seen either.

mod batch;
mod checks;
mod digests;
mod judge;
mod known;
mod listed;
mod npm;
mod place;
mod reading;
mod startup_file;
mod strip;
mod variable;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::model::Location;

pub use batch::{Batch, Differing, Hand, Lot};
pub use checks::{CHECKS, Check};
pub use digests::Long;
pub use judge::{Ground, Judged, Variables, judge};
pub use known::{Known, is_list};
pub use reading::Reading;

use known::List;

/// What was seen on the way through an artifact. One per thread; the order of its lists carries no meaning.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Traces {
    /// None is left once the artifact is read.
    #[serde(skip)]
    lists: Vec<List>,
    seen: Vec<Trace>,
}

impl Traces {
    /// Takes everything out of another one.
    pub fn append(&mut self, mut other: Traces) {
        self.lists.append(&mut other.lists);
        self.seen.append(&mut other.seen);
    }

    /// How many rows its lists have and how much was seen, see [`crate::artifact::Limits::facts`].
    pub fn facts(&self) -> usize {
        self.lists.iter().map(List::len).sum::<usize>() + self.seen.len()
    }

    /// The lists of one archive, to compare its other entries with.
    pub fn known(&mut self) -> Known {
        Known::new(std::mem::take(&mut self.lists))
    }

    /// Notes that the files of all lists that are left were not compared with them.
    pub fn leave_uncompared(&mut self) {
        let lists = std::mem::take(&mut self.lists);
        self.seen.extend(lists.into_iter().map(List::leave));
    }

    /// Says that everything was seen in the artifact with this index.
    pub fn place(&mut self, index: usize) {
        for trace in &mut self.seen {
            trace.place.artifact = index;
            if let What::Changed { list, .. } | What::Stripped { list } | What::Uncompared { list } = &mut trace.what {
                list.artifact = index;
            }
        }
    }

    fn add(&mut self, place: &Location, what: What) {
        self.seen.push(Trace { place: place.clone(), what });
    }
}

/// One observation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Trace {
    place: Location,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum What {
    /// It differs from what a `RECORD` says of it.
    Changed { list: Location, nature: Nature },
    /// It differs as `strip` makes it differ.
    Stripped { list: Location },
    /// Its digest is of a kind that is not compared.
    Uncompared { list: Location },
    /// Code in a package's folder that no list names; the place of the `__init__.py` that makes it one.
    Planted { package: String },
    /// Bytecode in a package's folder whose source no list names.
    Orphan { package: String, source: String },
    /// A file that Python reads when it starts.
    Startup { runs: bool, standing: Standing },
    /// A script that npm runs when it installs the package, with what makes it suspicious.
    InstallScript { name: Cow<'static, str>, suspicion: Option<Cow<'static, str>> },
    /// A program or library in an npm package.
    Native,
    /// The `package.json` of an npm package that says that it has native parts.
    HoldsNative,
    /// A `RECORD` of an archive that is read from front to back.
    Unordered,
}

/// What a file does, as far as its name and its first bytes tell. The order is that of falling weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Nature {
    /// It can be executed or imported.
    Code,
    /// It tells what the package is, or how it is plugged in.
    Metadata,
    /// A script for people, off the import path.
    Script,
    /// Everything else.
    Data,
}

/// What is known of a startup file's owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Standing {
    /// A list names it.
    Recorded,
    /// Lists beside it do not name it.
    Unrecorded,
    /// There is no list beside it.
    NoList,
}
