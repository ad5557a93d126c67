//! Writing reports: to standard output, and to files that appear whole or not at all.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::args::When;
use crate::artifact::{HEAD, Magic};
use crate::formats::nearest::did_you_mean;
use crate::policy::Verdict;
use crate::report::{self, Reporter, Style};

/// A report that goes to a file.
pub(super) struct Output {
    pub reporter: &'static dyn Reporter,
    pub path: PathBuf,
}

/// Tells on standard error why the program could not do something, in the form in which clap does.
pub(super) fn error(message: &str) {
    say("error", message);
}

/// Tells on standard error what is probably not meant.
pub(super) fn warn(message: &str) {
    say("warning", message);
}

/// Tells on standard error what happens.
pub(super) fn note(message: &str) {
    say("note", message);
}

#[expect(clippy::disallowed_macros, reason = "the one place that prints on standard error")]
fn say(what: &str, message: &str) {
    eprintln!("{what}: {message}");
}

/// Reads every `FORMAT=FILE`.
pub(super) fn parse(texts: &[String]) -> Result<Vec<Output>> {
    let one = |text: &String| {
        let Some((format, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            bail!("FORMAT=FILE is wanted, such as json=report.json; got '{}'", text.escape_default());
        };
        Ok(Output { reporter: reporter(format)?, path: PathBuf::from(path) })
    };
    texts.iter().map(one).collect()
}

/// Finds a format by its name.
pub(super) fn reporter(format: &str) -> Result<&'static dyn Reporter> {
    report::by_id(format).with_context(|| {
        let known: Vec<&str> = report::ALL.iter().map(|reporter| reporter.id()).collect();
        let meant = did_you_mean(format, known.iter().copied());
        format!("there is no format '{}'; use one of {}{meant}", format.escape_default(), known.join(", "))
    })
}

/// Writes to standard output. A reader that went away is no failure of ours.
pub(super) fn to_stdout(reporter: &dyn Reporter, verdict: &Verdict, color: When) -> Result<()> {
    let style = style(color);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match reporter.write(verdict, &style, &mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write the report to standard output"),
    }
}

/// What standard output can show.
pub(super) fn style(color: When) -> Style {
    let terminal = io::stdout().is_terminal();
    Style { color: colored(color, terminal), width: width(terminal), unicode: unicode() }
}

/// Writes lines to standard output, for commands without a verdict.
pub(super) fn print(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// A file may be read anywhere: no colours, a common width.
const FILE: Style = Style { color: false, width: 100, unicode: true };

/// Writes to a file beside the final one, then renames it: a reader never sees half a report.
pub(super) fn to_file(output: &Output, verdict: &Verdict) -> Result<()> {
    write_whole(&output.path, |out| output.reporter.write(verdict, &FILE, out))
        .with_context(|| format!("cannot write the {} report to {}", output.reporter.id(), output.path.display()))
}

/// Fails where a file cannot be written, or two reports want the same one, before the work begins whose results they are
/// to hold.
pub(super) fn reachable<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Result<()> {
    let mut taken = BTreeSet::new();
    for path in paths {
        let folder = folder_of(path)?;
        // What is no file, such as `/dev/null`, may take any number of reports.
        if path.exists() && !path.is_file() {
            continue;
        }
        if is_archive(path) {
            bail!("cannot write to {}: it is an archive, and would be lost", path.display());
        }
        let beside = || folder.canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default()));
        let file = path.canonicalize().or_else(|_| beside()).unwrap_or_else(|_| path.to_owned());
        if !taken.insert(file) {
            bail!("two reports would be written to {}, and one of them lost: name a file for each", path.display());
        }
    }
    Ok(())
}

/// Fails where a report would be written into the folder of a state, whose files have names as plain as `key`.
pub(super) fn outside<'p>(paths: impl IntoIterator<Item = &'p Path>, state: &Path) -> Result<()> {
    let Ok(state) = state.canonicalize() else { return Ok(()) };
    for path in paths {
        if folder_of(path)?.canonicalize().is_ok_and(|folder| folder.starts_with(&state)) {
            bail!("cannot write to {}: that folder is for the state of sweeps alone", path.display());
        }
    }
    Ok(())
}

/// Whether a file is an archive, which no report of ours is: it would be what was to be audited.
fn is_archive(path: &Path) -> bool {
    let mut head = vec![0; HEAD];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or(0);
    Magic::of(&head[..read]).is_archive()
}

/// The folder that a file is to be written to.
fn folder_of(path: &Path) -> Result<&Path> {
    if path == Path::new("-") {
        bail!("cannot write to '-': standard output gets what --format names; a file of that name is './-'");
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if path.is_dir() {
        bail!("cannot write to {}: it is a folder", path.display());
    }
    if !folder.is_dir() {
        bail!("cannot write to {}: there is no folder {}", path.display(), folder.display());
    }
    Ok(folder)
}

/// Writes a file that appears whole or not at all.
pub(super) fn whole_file(path: &Path, bytes: &[u8]) -> Result<()> {
    write_whole(path, |out| out.write_all(bytes)).with_context(|| format!("cannot write {}", path.display()))
}

fn write_whole(path: &Path, write: impl Fn(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A device or a pipe (`/dev/stderr`) cannot be renamed over.
    if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file()) {
        return write(&mut std::fs::File::create(path)?);
    }
    let partial = partial_name(path);
    let mut out = io::BufWriter::new(std::fs::File::create(&partial)?);
    let written = write(&mut out).and_then(|()| out.flush());
    if let Err(error) = written.and_then(|()| std::fs::rename(&partial, path)) {
        // What is half written helps nobody.
        let _ = std::fs::remove_file(&partial);
        return Err(error);
    }
    Ok(())
}

fn partial_name(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.partial", std::process::id()));
    path.with_file_name(name)
}

/// `NO_COLOR` (<https://no-color.org>) and dumb terminals are respected; a flag wins over both.
pub(super) fn colored(when: When, terminal: bool) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto => !set("NO_COLOR") && (set("CLICOLOR_FORCE") || (terminal && !dumb)),
    }
}

/// Columns: the terminal's, else `COLUMNS`, else 100.
fn width(terminal: bool) -> usize {
    let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let asked = if terminal { terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)) } else { None };
    asked.or(told).unwrap_or(100).clamp(40, 400)
}

/// Whether the locale's characters go beyond ASCII. A locale that says nothing is taken for a modern one.
fn unicode() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}
