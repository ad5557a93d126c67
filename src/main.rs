//! The `tidewaiter` program: everything is in the library's `cli` module.

use std::process::ExitCode;

fn main() -> ExitCode {
    tidewaiter::cli::run()
}
