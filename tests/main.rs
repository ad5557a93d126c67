//! The one test binary.
#![allow(clippy::unwrap_used, reason = "clippy allows it in tests, but not in their helpers")]

mod example;
mod floors;
mod network;
mod policy;
mod readme;
mod reporters;
mod scan;
mod support;
mod traps;
mod versions;
