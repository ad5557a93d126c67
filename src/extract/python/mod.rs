//! Python packages whose metadata was deleted: recognised by the names of their modules.

pub(in crate::extract) mod known;
mod stripped;
