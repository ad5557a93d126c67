//! Floor: see src/lib.rs.
