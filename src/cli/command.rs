//! The whole command line: the arguments, and the variables that stand in for them.

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Command, CommandFactory};

use super::args::{Args, THE_FUNCTION, THE_FUNCTIONS};
use super::variables::variable;

/// The command line. Every option of `scan` and `sweep` is also a variable, [`variable`]; those that name functions are
/// not, since a variable speaks of every run.
pub(super) fn command() -> Command {
    // Deferred: only the command that is run has to know the variables of its options.
    let sources = |sweep: Command| {
        let deferred = |source: Command| source.defer(with_variables);
        sweep.mut_subcommand("files", deferred).mut_subcommand("aws", deferred)
    };
    Args::command().mut_subcommand("scan", |scan| scan.defer(with_variables)).mut_subcommand("sweep", sources)
}

fn with_variables(command: Command) -> Command {
    command.mut_args(|arg| {
        let Some(long) = arg.get_long().filter(|long| !matches!(*long, "help" | "version" | "print-config")) else {
            return arg;
        };
        if arg.is_hide_set() || matches!(arg.get_help_heading(), Some(THE_FUNCTION | THE_FUNCTIONS)) {
            return arg;
        }
        let name = variable(long);
        // A job's template that leaves a value open sets the variable to nothing, and means none.
        if std::env::var_os(&name).is_some_and(|value| value.is_empty()) {
            return arg;
        }
        let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
        let arg = arg.env(name).hide_env(true);
        if is_flag { arg.value_parser(FalseyValueParser::new()) } else { arg }
    })
}
