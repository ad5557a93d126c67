//! `tidewaiter db`: the only command that opens the store.

use std::io::Write;

use anyhow::{Context, Result};

use super::args::{DbArgs, DbCommand, StatusArgs, SyncArgs};
use super::{options, output, progress};
use crate::advisory::{self, Database};
use crate::policy::Exit;

pub(super) fn run(args: &DbArgs) -> Result<Exit> {
    match &args.command {
        DbCommand::Sync(args) => sync(args),
        DbCommand::Status(args) => status(args),
    }
}
