//! `tidewaiter report`: a saved result in another format.

use std::path::Path;

use anyhow::{Context, Result};

use super::args::ReportArgs;
use super::{options, output};
use crate::artifact::{self, Limits};
use crate::policy::{Exit, Verdict};
use crate::report;

/// A sweep over a thousand functions makes some 500 MB.
const MAX_RESULT: u64 = 4 << 30;

/// Renders a result. What it says decides nothing here: exit code 0 means that it was written.
pub(super) fn run(args: &ReportArgs) -> Result<Exit> {
    let format = output::reporter(&args.format).context("--format")?;
    let outputs = output::parse(&args.outputs).context("--output")?;
    output::reachable(outputs.iter().map(|output| output.path.as_path()))?;
    let verdict = load(&args.result)?;
    // As in a scan, what one report cannot have is no reason to lose the others.
    let mut written: Vec<Result<()>> = outputs.iter().map(|output| output::to_file(output, &verdict)).collect();
    written.push(output::to_stdout(format, &verdict, args.color));
    written.into_iter().collect::<Result<()>>()?;
    Ok(Exit::Clean)
}

/// Reads a result that `scan` wrote as JSON or NDJSON; `-` is standard input.
pub(super) fn load(path: &Path) -> Result<Verdict> {
    let is_input = path == Path::new("-");
    let bytes = if is_input {
        let limits = Limits { target_bytes: MAX_RESULT, ..Limits::default() };
        artifact::read_input(&mut std::io::stdin().lock(), &limits).context("cannot read standard input")?
    } else {
        options::small_file(path, MAX_RESULT)?
    };
    // The error may quote a file that somebody else wrote.
    report::read(&bytes).map_err(|error| anyhow::anyhow!("{}", report::escape(&error.to_string()))).with_context(|| {
        match is_input {
            true => "cannot use standard input".to_owned(),
            false => format!("cannot use {}", path.display()),
        }
    })
}
