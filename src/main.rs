//! The `tidewaiter` program.

fn main() {}
