//! Builders that every test shares. Their bytes depend on what is asked for and on nothing else.

pub mod osv;
