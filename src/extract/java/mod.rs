//! What the extractors of Java share: the facts of each jar, and what is decided from them once a jar was read whole.

mod cover;
pub(super) mod facts;
pub(super) mod known;
mod name;
pub(super) mod pom;
mod settle;
#[cfg(test)]
mod tests;
