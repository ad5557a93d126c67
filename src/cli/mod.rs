//! Floor 5: the command line. Owns the terminal; the only place that prints.

mod args;
mod command;
mod completions;
mod core_dump;
mod db;
mod diff;
mod explain;
mod man;
mod notify;
mod options;
mod osv_api;
mod output;
mod print_config;
mod progress;
mod report;
mod resolve;
mod rules;
mod scan;
mod sweep;
mod variables;

use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches;
use clap::error::{ContextKind, ContextValue};

use crate::policy::Exit;
use resolve::Given;

/// Runs the program with the process's own arguments.
pub fn run() -> ExitCode {
    core_dump::forbid();
    // A panic's message could quote an artifact, and with it a secret: only the place in our own source is told.
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        output::error(&format!("internal error at {place}; please report it"));
    }));
    let parsed = command::command().try_get_matches().and_then(|mut matches| {
        let given = matches.clone();
        Ok((args::Args::from_arg_matches_mut(&mut matches)?, given))
    });
    let (mut args, given) = match parsed {
        Ok(parsed) => parsed,
        Err(mut error) => {
            variables::blame(&mut error);
            return usage(&error);
        }
    };
    let given = Given::of(&given);
    match &mut args.command {
        args::Command::Scan(scan) => {
            variables::split(&mut scan.output, &mut scan.policy, &mut scan.advisories, None, &given);
        }
        args::Command::Sweep(sweep) => {
            let with = sweep.from.options_mut();
            let notify = Some(&mut with.notify);
            variables::split(&mut with.output, &mut with.policy, &mut with.advisories, notify, &given);
        }
        _ => {}
    }
    if !args.command.is_quiet() {
        variables::unknown(command::command).iter().for_each(|message| output::warn(message));
    }
    let result = match args.command {
        args::Command::Scan(scan) => scan::run(&scan, &given),
        args::Command::Sweep(sweep) => sweep::run(&sweep, &given),
        args::Command::Report(report) => report::run(&report),
        args::Command::Diff(diff) => diff::run(&diff),
        args::Command::Db(db) => db::run(&db),
        args::Command::Explain(explain) => explain::run(&explain),
        args::Command::Rules(rules) => rules::run(&rules),
        args::Command::Completions(completions) => completions::run(&completions),
        args::Command::Man(man) => man::run(&man),
    };
    let exit = result.unwrap_or_else(|error| {
        output::error(&format!("{error:#}"));
        Exit::Failed
    });
    ExitCode::from(exit as u8)
}

/// `--help` and `--version` go to standard output and are no error; anything else is exit code 2, which is also clap's.
fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is no reason to fail.
    let _ = error.print();
    if let Some(ContextValue::String(word)) = error.get(ContextKind::InvalidSubcommand)
        && Path::new(word).exists()
    {
        output::note(&format!("'tidewaiter scan {}' audits it", word.escape_default()));
    }
    if error.use_stderr() { ExitCode::from(Exit::Failed as u8) } else { ExitCode::SUCCESS }
}
