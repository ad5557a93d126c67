//! The one test binary.

mod hostile_python;
mod registry_npm;
mod registry_pypi;
