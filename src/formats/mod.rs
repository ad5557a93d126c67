//! Floor 1: readers that several of the floors above need.

pub mod jsonc;
pub mod lenient;
pub mod yaml;
