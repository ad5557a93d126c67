//! What the extractors of installed Python packages share, and packages whose metadata was deleted.

pub(super) mod known;
mod stripped;

/// Folders that hold copies for the package around them alone.
pub(super) const VENDORED: [&str; 4] = ["_vendor", "_vendored", "vendored", "_bundled"];
