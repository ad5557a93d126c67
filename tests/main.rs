//! The one test binary.
#![allow(clippy::unwrap_used, reason = "clippy allows it in tests, but not in their helpers")]

mod advisory;
mod bundle;
mod bundle_large;
mod cached;
mod cached_memory;
mod example;
mod floors;
mod hostile;
mod hostile_python;
mod network;
mod osv_api;
mod osv_traps;
mod policy;
mod readme;
mod registry_npm;
mod registry_pypi;
mod reporters;
mod runtimes;
mod scan;
mod support;
mod sync;
mod sync_crash;
mod sync_resume;
mod sync_tls;
mod traps;
mod versions;
mod versions_native;
