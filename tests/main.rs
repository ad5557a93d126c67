//! The one test binary.

mod example;
mod support;
