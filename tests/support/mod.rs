//! Builders that several tests share. Their bytes depend on what is asked for and on nothing else.

pub mod authority;
pub mod browser;
pub mod cli;
pub mod example;
pub mod http;
pub mod instructions;
#[cfg(feature = "aws")]
pub mod moto;
pub mod osv;
pub mod osv_service;
pub mod peak;
pub mod picture;
pub mod planted;
pub mod receiver;
pub mod schema;
pub mod store;
pub mod swept;
pub mod synthetic;
pub mod tar;
pub mod tool;
pub mod verdict;
pub mod zip;

pub use cli::{Cli, write};
pub use tool::need;
pub use zip::Zip;
