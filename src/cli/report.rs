//! `tidewaiter report`: a saved result in another format.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::args::ReportArgs;
use super::output::{self, Output};
use crate::policy::{Exit, Verdict};
use crate::report;

/// A sweep over a thousand functions makes some 500 MB.
const MAX_RESULT: u64 = 4 << 30;

/// Renders a result. What it says decides nothing here: exit code 0 means that it was written.
pub(super) fn run(args: &ReportArgs) -> Result<Exit> {
    let format = output::reporter(&args.format)?;
    let outputs: Vec<Output> = args.outputs.iter().map(|text| output::parse(text)).collect::<Result<_>>()?;
    let verdict = load(&args.result)?;
    for output in &outputs {
        output::to_file(output, &verdict)?;
    }
    output::to_stdout(format, &verdict, args.color)?;
    Ok(Exit::Clean)
}

/// Reads a result that `scan --format json` wrote.
pub(super) fn load(path: &Path) -> Result<Verdict> {
    let about = || format!("cannot read {}", path.display());
    let size = std::fs::metadata(path).with_context(about)?.len();
    if size > MAX_RESULT {
        bail!("{}: it has {size} bytes, more than a result ever has", about());
    }
    let bytes = std::fs::read(path).with_context(about)?;
    // The error may quote a file that somebody else wrote.
    report::read(&bytes)
        .map_err(|error| anyhow::anyhow!("{}", report::escape(&error.to_string())))
        .with_context(|| format!("cannot use {}", path.display()))
}
