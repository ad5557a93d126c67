//! Floor 1: readers that several extractors need. They know a notation, not what its contents mean.

#[cfg(test)]
pub mod clock;
pub mod complaint;
pub mod file_list;
pub mod headers;
pub mod jsonc;
pub mod lenient;
pub mod lines;
pub mod manifest_mf;
pub mod nearest;
pub mod node_modules;
pub mod paths;
pub mod pdf;
pub mod pep508;
pub mod program;
pub mod properties;
pub mod python_literal;
pub mod source_map;
pub mod text;
pub mod toml_doc;
pub mod words;
pub mod xml;
pub mod yaml;
