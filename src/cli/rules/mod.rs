//! `tidewaiter rules`, and the rules that a scan is given beside the built-in ones.

mod check;
mod list;
mod profile;

use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::args::{RulesArgs, RulesCommand};
use super::{options, output};
use crate::formats::complaint::Complaint;
use crate::formats::words::plural;
use crate::policy::{Exit, WaiverNote};
use crate::secret::Engine;
use crate::secret::custom::allow::Allowance;
use crate::secret::custom::{self, RuleFile};

/// No file of rules is larger: Gitleaks' own has 150 KB.
const MAX_FILE: u64 = 16 << 20;
/// How many complaints a scan shows before it only counts; `rules check` shows all.
const SHOWN: usize = 5;

/// Runs a subcommand.
pub(super) fn run(args: &RulesArgs) -> Result<Exit> {
    match &args.command {
        RulesCommand::List(list) => list::run(list),
        RulesCommand::Check(check) => check::run(check),
    }
}

/// The engine of the built-in rules and those of these files, which `origin` names; `None` without files. A rule that cannot be used is an
/// error: a scan without it would look clean where it is not.
pub(super) fn engine(files: &[PathBuf], origin: &str, quiet: bool) -> Result<Option<Engine>> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut read = Vec::new();
    for path in files {
        let file = read_file(path).with_context(|| origin.to_owned())?;
        let shown = |complaints: &[Complaint]| {
            let more = complaints.len().saturating_sub(SHOWN);
            let mut lines: Vec<String> = complaints.iter().take(SHOWN).map(ToString::to_string).collect();
            lines.extend((more > 0).then(|| format!("and {more} more; 'tidewaiter rules check' shows all")));
            lines.join("\n")
        };
        if !file.refused.is_empty() {
            bail!(
                "{origin} {}: {} cannot be used\n{}",
                path.display(),
                rules(file.refused.len()),
                shown(&file.refused)
            );
        }
        if !quiet && !file.notes.is_empty() {
            output::warn(&format!("{origin} {}:\n{}", path.display(), shown(&file.notes)));
        }
        read.push(file);
    }
    Ok(Some(Engine::with(read)?))
}

fn read_file(path: &Path) -> Result<RuleFile> {
    let text = options::small_text(path, MAX_FILE)?;
    custom::read(&path.display().to_string(), &text, &|other| open(path, other))
        .map_err(|error| anyhow::anyhow!("{error}"))
}

/// Opens a file that `from` extends. Gitleaks looks from the folder where it runs; one beside the file is found too.
fn open(from: &Path, other: &str) -> io::Result<String> {
    let beside = from.parent().unwrap_or(Path::new("")).join(other);
    let path = if Path::new(other).exists() { PathBuf::from(other) } else { beside };
    options::small_text(&path, MAX_FILE).map_err(io::Error::other)
}

/// `1 rule`, `2 rules`.
fn rules(count: usize) -> String {
    plural(count as u64, "rule", "rules")
}

/// What is said of an allow-list that covered nothing.
pub(super) fn unused(list: &Allowance) -> WaiverNote {
    let text = format!("{}: no secret matches", list.source.reason);
    WaiverNote { file: list.file.clone(), line: list.line, text }
}
