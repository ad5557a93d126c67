//! `--print-config`: every setting of a scan or sweep, and where it comes from.

use anyhow::Result;

use super::args::LimitArgs;
use super::command::command;
use super::options;
use super::output;
use super::resolve::{Given, Setting, plain, quoted};

/// Columns of what stands before the origin.
const LEFT: usize = 44;

/// Prints what the policy says, then the options that are no policy's. What is not set is a comment.
pub(super) fn print(limits: &LimitArgs, given: &Given<'_>, policy: Vec<Setting>) -> Result<()> {
    let others = others(limits, given, &policy);
    output::print(|out| {
        for setting in &policy {
            writeln!(out, "{}", line(setting))?;
        }
        writeln!(out, "\n# options")?;
        for setting in &others {
            writeln!(out, "{}", line(setting))?;
        }
        Ok(())
    })
}

fn line(setting: &Setting) -> String {
    let Setting { name, value, origin } = setting;
    let left = if value.is_empty() { format!("# {name} is not set") } else { format!("{name} = {value}") };
    format!("{left:<LEFT$} # {origin}")
}

/// Options that no policy file has.
fn others(limits: &LimitArgs, given: &Given<'_>, policy: &[Setting]) -> Vec<Setting> {
    let command = command();
    let limits = options::limits(limits);
    let mut settings = Vec::new();
    for arg in given.arguments(&command) {
        let Some(long) = arg.get_long().filter(|_| !arg.is_hide_set()) else { continue };
        let known = policy.iter().any(|one| one.name == long) || matches!(long, "threshold" | "ignore-file");
        if known || matches!(long, "help" | "version" | "print-config") {
            continue;
        }
        let id = arg.get_id().as_str();
        // What may not be seen in the variables may not be seen here.
        let show = |value: &String| if arg.is_hide_env_values_set() { quoted("...") } else { plain(value) };
        let values: Vec<String> = given.values(id).iter().map(show).collect();
        let limit = match long {
            "max-entry-bytes" => Some(limits.entry_bytes),
            "max-target-bytes" => Some(limits.target_bytes),
            "max-ratio" => Some(limits.ratio),
            "max-entries" => Some(limits.entries),
            "max-depth" => Some(u64::from(limits.depth)),
            "max-seconds" => Some(limits.time.as_secs()),
            _ => None,
        };
        let value = match (limit, values.as_slice()) {
            (Some(limit), _) => limit.to_string(),
            (None, [one]) => one.clone(),
            (None, []) => String::new(),
            (None, many) => format!("[{}]", many.join(", ")),
        };
        let origin = given.origin(id, long).unwrap_or_else(|| "default".to_owned());
        settings.push(Setting { name: long.to_owned(), value, origin });
    }
    settings
}
