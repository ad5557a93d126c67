//! Packages merged into bundled JavaScript.
//!
//! Several files speak of one bundle: the script itself, its source map, the metafile of the build, the notices that a
//! bundler moved to a file of their own. Each extractor puts what one file proves into the sink as [`Testimony`]; `join`
//! lays it together by script, and asks lock files for the versions that nothing else tells.
//!
//! A name counts only with proof: a path behind `node_modules/` in a place where bundlers write one, a manifest that was
//! inlined, a text of the table [`fact`] that no other package has. What only looks like a package's code is none, so
//! that the modules of a minified bundle without any of these stay unnamed, and the coverage says so.

mod fact;
mod inlined;
mod join;
mod path;
mod script;

use std::collections::BTreeSet;

pub(super) use fact::look as look_for_facts;
pub(super) use inlined::manifest_of;
pub(super) use join::join;
pub(super) use path::Module;
pub use script::is_bundle;
pub(super) use script::{licences, read as read_script};

use crate::model::Location;

/// A package that something proves to be in a bundle.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its version, where the same place proves it.
    pub version: Option<String>,
    /// Where it was installed when the bundle was built: `node_modules/a/node_modules/b`.
    pub folder: Option<String>,
    /// Named by its manifest alone: the function's own manifest looks the same.
    pub by_manifest: bool,
}

impl Member {
    /// A package known by its name alone, or with its version.
    pub(super) fn new(name: &str, version: Option<&str>) -> Member {
        Member { name: name.to_owned(), version: version.map(str::to_owned), folder: None, by_manifest: false }
    }

    /// The package of a module.
    pub(super) fn of(module: &Module<'_>) -> Member {
        Member { folder: Some(module.folder.to_owned()), ..Member::new(module.name, module.version) }
    }
}

/// What one file says of a bundle.
#[derive(Clone, Debug)]
pub struct Testimony {
    /// The file.
    pub location: Location,
    /// The script that it speaks of.
    pub subject: Subject,
    /// The packages that it names.
    pub members: BTreeSet<Member>,
    /// Whether it names every package of the script.
    pub whole: bool,
}

/// The script that a testimony speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The file itself, and the path of the map that it names.
    Script(Option<String>),
    /// The script with this path.
    Beside(String),
    /// The script that was written to this path when it was built.
    Output(String),
}

/// Packages that are kept of one file: a function has at most some thousand.
const MOST_MEMBERS: usize = 20_000;

/// The packages of many modules, each once.
#[derive(Debug, Default)]
pub(super) struct Members(pub BTreeSet<Member>);

impl Members {
    pub fn add(&mut self, member: Member) {
        if self.0.len() < MOST_MEMBERS {
            self.0.insert(member);
        }
    }
}
