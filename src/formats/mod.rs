//! Floor 1: readers that several extractors need. They know a notation, not what its contents mean.

pub mod jsonc;
pub mod lenient;
pub mod lines;
pub mod text;
pub mod yaml;
