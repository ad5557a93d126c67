//! Code that runs before a function's handler, or ran when it was built.

use serde::{Deserialize, Serialize};

use super::Location;

/// One line of the inventory of hooks. It is no judgement: what is unexpected is a finding, too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Hook {
    /// The file, or the variable that names it.
    pub location: Location,
    /// What it does, for people.
    pub what: String,
    /// Nothing about it is unusual.
    pub expected: bool,
}
