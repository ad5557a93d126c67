//! Builders that several tests share.

pub mod verdict;
