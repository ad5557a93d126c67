//! What the report rests on: the database, the policy, the program.

use std::io::{self, Write};

use crate::policy::{THRESHOLDS, Verdict, fail_on_text};
use crate::report::summary::advisories;
use crate::report::words::{count, plural};

use super::text::Text;

/// The section.
pub fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"<section id=\"about\" aria-labelledby=\"about-title\">\n<h2 id=\"about-title\">About this report</h2>\n",
    )?;
    out.write_all(b"<dl>")?;
    fact("Advisories", &advisories(verdict), out)?;
    let settings = &verdict.settings;
    let beside = THRESHOLDS.iter().filter_map(|name| Some(format!("; {name} {}", settings.thresholds.get(name)?)));
    fact("Fails on", &(fail_on_text(&settings.fail_on) + &beside.collect::<String>()), out)?;
    fact("Coverage required", settings.require_coverage.word(), out)?;
    fact("Policy file", settings.file.as_deref().unwrap_or("none"), out)?;
    for (name, notes) in [("Expired waiver", &verdict.waivers_expired), ("Unused waiver", &verdict.waivers_unused)] {
        for note in notes {
            fact(name, &format!("{}:{}: {}", note.file, note.line, note.text), out)?;
        }
    }
    if let Some(run) = &verdict.run {
        fact("Scanned", &format!("{}, in {:.2} s", run.started_at, run.seconds), out)?;
    }
    fact("Program", concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")), out)?;
    out.write_all(b"</dl>\n")?;
    sources(verdict, out)?;
    out.write_all(b"</section>\n")
}

fn fact(name: &str, value: &str, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<dt>{name}</dt><dd>{}</dd>", Text(value))
}

/// What the database holds, source by source.
fn sources(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let database = &verdict.database;
    let all: Vec<_> = database.ecosystems.iter().chain(&database.feeds).collect();
    if all.is_empty() {
        return Ok(());
    }
    let title = plural(all.len() as u64, "source of the database", "sources of the database");
    write!(out, "<details><summary>{title}</summary><table><thead><tr><th scope=\"col\">Source</th>")?;
    out.write_all(
        b"<th scope=\"col\">Records</th><th scope=\"col\">Newest</th><th scope=\"col\">Synced</th></tr></thead><tbody>",
    )?;
    for source in all {
        let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let (name, records) = (Text(&source.name), count(source.records));
        let (newest, synced) = (known(&source.newest), known(&source.synced));
        let (newest, synced) = (Text(&newest), Text(&synced));
        write!(
            out,
            "<tr><th scope=\"row\">{name}</th><td class=\"figure\">{records}</td><td>{newest}</td><td>{synced}</td></tr>"
        )?;
    }
    out.write_all(b"</tbody></table></details>\n")
}
