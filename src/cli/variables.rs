//! Variables that stand in for options of `scan` and `sweep`: `TIDEWAITER_FAIL_ON` for `--fail-on`.

use std::collections::BTreeSet;
use std::env;
use std::path::PathBuf;

use clap::Command;
use clap::error::{ContextKind, ContextValue};

use super::args::{AdvisoryArgs, NotifyArgs, OutputArgs, PolicyArgs};
use super::resolve::Given;
use crate::formats::nearest::did_you_mean;

/// What the name of each of ours begins with.
const PREFIX: &str = "TIDEWAITER_";
/// What stands between the values of an option that can be repeated. Not a comma: names of files have it more often.
const SEPARATOR: char = ';';
/// Variables of secrets, which no option is for.
const SECRETS: [&str; 6] = [
    "TIDEWAITER_FINGERPRINT_KEY",
    "TIDEWAITER_MIRROR_PASSWORD",
    "TIDEWAITER_MIRROR_TOKEN",
    "TIDEWAITER_MIRROR_USER",
    "TIDEWAITER_NOTIFY_KEY",
    "TIDEWAITER_SIGN_PASSWORD",
];

/// The variable of an option.
pub(super) fn variable(long: &str) -> String {
    format!("{PREFIX}{}", long.to_ascii_uppercase().replace('-', "_"))
}

/// What to say of variables that have our prefix, and no meaning.
pub(super) fn unknown(command: impl Fn() -> Command) -> Vec<String> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty()).filter_map(|(name, _)| name.into_string().ok());
    let set: BTreeSet<String> = set.filter(|name| name.starts_with(PREFIX)).collect();
    if set.is_empty() {
        return Vec::new();
    }
    let mut known: BTreeSet<String> = SECRETS.map(str::to_owned).into();
    let mut command = command();
    // What is deferred until a command is run is done for all of them.
    command.build();
    gather(&command, &mut known);
    let say = |name: &String| {
        let meant = did_you_mean(name, known.iter().map(String::as_str));
        format!("the variable {} means nothing to this program{meant}", name.escape_default())
    };
    set.difference(&known).map(say).collect()
}

fn gather(command: &Command, known: &mut BTreeSet<String>) {
    let named = command.get_arguments().filter_map(|arg| arg.get_env()?.to_str());
    known.extend(named.map(str::to_owned));
    command.get_subcommands().for_each(|inner| gather(inner, known));
}

/// The values in the variable of an option that can be repeated.
pub(super) fn values(text: &str) -> impl Iterator<Item = &str> {
    text.split(SEPARATOR).map(str::trim).filter(|value| !value.is_empty())
}

/// Takes apart what came from variables. A parser of values cannot: it would take apart what was typed, too.
pub(super) fn split(
    output: &mut OutputArgs,
    policy: &mut PolicyArgs,
    advisories: &mut AdvisoryArgs,
    notify: Option<&mut NotifyArgs>,
    given: &Given<'_>,
) {
    let trust = &mut advisories.trust.trust;
    let texts = [("outputs", &mut output.outputs), ("thresholds", &mut policy.thresholds), ("trust", trust)];
    let notify = notify.map(|notify| ("notify", &mut notify.notify));
    for (_, list) in texts.into_iter().chain(notify).filter(|(id, _)| given.is_variable(id)) {
        *list = list.iter().flat_map(|text| values(text)).map(str::to_owned).collect();
    }
    let files = [("ignore_files", &mut policy.ignore_files), ("rules", &mut policy.rules)];
    for (_, list) in files.into_iter().filter(|(id, _)| given.is_variable(id)) {
        let whole = std::mem::take(list);
        // A name that is no text cannot be taken apart as one.
        *list = whole
            .into_iter()
            .flat_map(|path| match path.to_str() {
                Some(text) => values(text).map(PathBuf::from).collect(),
                None => vec![path],
            })
            .collect();
    }
}

/// Options whose variables [`split`] takes apart.
pub(super) fn is_repeatable(id: &str) -> bool {
    matches!(id, "outputs" | "thresholds" | "trust" | "notify" | "ignore_files" | "rules")
}

/// clap's errors name options. Where the value came from a variable, they are made to name that.
pub(super) fn blame(error: &mut clap::Error) {
    for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
        let named = match error.get(kind) {
            Some(ContextValue::String(option)) => ContextValue::String(culprit(option)),
            Some(ContextValue::Strings(options)) => {
                ContextValue::Strings(options.iter().map(|option| culprit(option)).collect())
            }
            _ => continue,
        };
        error.insert(kind, named);
    }
}

/// The variable that gave an option, such as `--max-depth <N>`, its value; else the option.
fn culprit(option: &str) -> String {
    let long = option.split([' ', '=', '[']).next().unwrap_or_default();
    let name = variable(long.trim_start_matches("--"));
    let typed = |argument: &str| argument.split('=').next() == Some(long);
    let is_set = long.starts_with("--") && env::var_os(&name).is_some_and(|value| !value.is_empty());
    let is_typed = env::args_os().any(|argument| argument.to_str().is_some_and(typed));
    if is_set && !is_typed { name } else { option.to_owned() }
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, CommandFactory};

    use super::super::args::{Args, THE_FUNCTION, THE_FUNCTIONS};
    use super::*;

    #[test]
    fn every_option_that_can_be_repeated_is_taken_apart() {
        let all = Args::command();
        let of_functions = |arg: &&Arg| matches!(arg.get_help_heading(), Some(THE_FUNCTION | THE_FUNCTIONS));
        for path in [&["scan"][..], &["sweep", "files"], &["sweep", "aws"]] {
            let command = path.iter().fold(&all, |outer, name| outer.find_subcommand(name).expect("the command"));
            let repeated = command.get_arguments().filter(|arg| matches!(arg.get_action(), ArgAction::Append));
            let ids = repeated.filter(|arg| arg.get_long().is_some() && !of_functions(arg));
            let ids: BTreeSet<&str> = ids.map(|arg| arg.get_id().as_str()).collect();
            assert!(ids.is_superset(&["ignore_files", "outputs", "rules", "thresholds", "trust"].into()), "{ids:?}");
            assert!(ids.iter().all(|id| is_repeatable(id)), "{ids:?}");
        }
    }

    #[test]
    fn values_may_hold_commas_and_blanks() {
        assert_eq!(values("json=a,b.json; sarif=c d ;;").collect::<Vec<_>>(), ["json=a,b.json", "sarif=c d"]);
        assert_eq!(values(" ; ").count(), 0);
    }
}
