//! The one test binary.

mod versions;
