//! The one test binary.
// `allow-unwrap-in-tests` knows only functions marked `#[test]`, not their helpers.
#![allow(clippy::unwrap_used)]

mod support;

mod policy;
mod reporters;
