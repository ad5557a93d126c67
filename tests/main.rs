//! The one test binary.
mod registry_npm;
