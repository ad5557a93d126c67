//! The one test binary.
#![allow(clippy::unwrap_used, reason = "the lint's own exception ends at functions marked as tests")]

mod advisory;
mod support;
