//! Builders that several tests share.

mod cli;
pub mod example;
pub mod picture;
pub mod planted;
pub mod verdict;

pub use cli::{Cli, Run, need, write};
