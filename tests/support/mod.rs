//! Builders that several tests share.

pub mod example;
pub mod planted;
