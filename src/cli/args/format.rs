//! Names of formats as values of options: a shell can offer them. What is wrong with one is told where it is read.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::report;

/// A value that begins with a format's name.
#[derive(Clone, Copy)]
pub(super) struct FormatName {
    /// What follows the name.
    end: &'static str,
}

/// For `--format`.
pub(super) const FORMAT: FormatName = FormatName { end: "" };
/// For `--output`.
pub(super) const FORMAT_AND_FILE: FormatName = FormatName { end: "=" };

impl TypedValueParser for FormatName {
    type Value = String;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(report::ALL.iter().map(|reporter| PossibleValue::new(format!("{}{}", reporter.id(), self.end)))))
    }
}
