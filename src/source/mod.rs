//! Floor 2: where functions and their configuration come from.
//!
//! Today: files on this machine. What the artifacts themselves hold is read by the artifact floor; this floor reads
//! what stands beside them.

mod env_file;

pub use env_file::{EnvFileError, MAX_BYTES as MAX_ENV_BYTES, read_env_file};
