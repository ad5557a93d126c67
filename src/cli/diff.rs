//! `tidewaiter diff`: what came and what went between two saved results.

use std::path::Path;

use anyhow::{Result, bail};

use super::args::{DiffArgs, ListFormat};
use super::{output, report};
use crate::policy::{self, Exit};
use crate::report::{write_diff_json, write_diff_table};

/// Compares two results. The exit code is that of what is new.
pub(super) fn run(args: &DiffArgs) -> Result<Exit> {
    if args.old == Path::new("-") && args.new == Path::new("-") {
        bail!("standard input holds one result, and two are compared: name a file for the other");
    }
    let (old, new) = (report::load(&args.old)?, report::load(&args.new)?);
    let diff = policy::diff(&old, &new);
    let style = output::style(args.color);
    output::print(|out| match args.format {
        ListFormat::Table => write_diff_table(&diff, &style, out),
        ListFormat::Json => write_diff_json(&diff, out),
    })?;
    Ok(diff.exit)
}
