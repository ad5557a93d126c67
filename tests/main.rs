//! The one test binary.

mod support;

mod policy;
mod reporters;
