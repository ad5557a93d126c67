//! Floor 2: the secret engine and its rules.
//!
//! One pass over the bytes finds the keywords of all rules at once; only around a hit does a rule look
//! closer, and never further than its own `max_len`. A rule either has a pattern (a regular expression over bytes) or is
//! read by a hand-written reader, for keywords so common that a regular expression around each would cost too much
//! (`password`, `token`, `://`). What is found is then judged by what is known about secrets: entropy, placeholders,
//! words, and where a format has them checksums and structure.
//!
//! Nothing here looks at a file's path: what keeps published packages quiet must hold for the function's own code too.
//! The engine cannot know whether a secret is still valid, nor whose it is; the audit says the latter.

mod assignment;
mod builtin;
mod checks;
mod constants;
mod cost;
pub mod custom;
mod decode;
mod digest;
mod engine;
mod judge;
mod keywords;
mod named;
mod place;
mod published;
mod redact;
mod rounds;
mod rule;
mod search;
mod shape;
mod simd;
mod stretch;
mod surroundings;
mod text;
mod url;
mod windows;

pub use builtin::rules_with_examples;
pub use cost::Cost;
pub use engine::{Engine, LeftOut};
pub use rule::{Finder, Group, Reader, Rule, RuleError};

#[cfg(test)]
mod corpus;
#[cfg(test)]
mod linear;
