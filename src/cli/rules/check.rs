//! `tidewaiter rules check`.

use std::path::Path;

use anyhow::Result;

use super::super::args::RulesCheckArgs;
use super::super::{options, output};
use super::{MAX_FILE, open, profile, read_file, rules};
use crate::policy::Exit;
use crate::report::escape;
use crate::secret::Engine;
use crate::secret::custom::check::{self, Checked};

/// Checks files of rules; exit code 1 if one of their rules cannot be used.
pub(super) fn run(args: &RulesCheckArgs) -> Result<Exit> {
    let mut broken = 0;
    for path in &args.files {
        let name = path.display().to_string();
        let text = options::small_text(path, MAX_FILE)?;
        match check::check(&name, &text, &|other| open(path, other)) {
            Ok(checked) => {
                broken += checked.broken.len();
                write(path, &checked)?;
            }
            Err(complaint) => {
                broken += 1;
                output::print(|out| writeln!(out, "error: {complaint}"))?;
            }
        }
    }
    if let Some(target) = &args.profile {
        let engine = match args.files.is_empty() {
            true => Engine::with(Vec::new())?,
            false => Engine::with(args.files.iter().map(|path| read_file(path)).collect::<Result<_>>()?)?,
        };
        profile::run(engine.metered(), target.as_deref())?;
    }
    Ok(if broken == 0 { Exit::Clean } else { Exit::Violated })
}

fn write(path: &Path, checked: &Checked) -> Result<()> {
    output::print(|out| {
        for id in &checked.good {
            writeln!(out, "ok       {}", escape(id))?;
        }
        for complaint in &checked.notes {
            writeln!(out, "note     {complaint}")?;
        }
        for complaint in &checked.broken {
            writeln!(out, "broken   {complaint}")?;
        }
        let lists = match checked.allow {
            0 => String::new(),
            1 => ", 1 allow-list".to_owned(),
            count => format!(", {count} allow-lists"),
        };
        let good = rules(checked.good.len());
        let (broken, notes) = (checked.broken.len(), checked.notes.len());
        writeln!(out, "{}: {good} can be used{lists}; {broken} broken, {notes} noted", path.display())
    })
}
