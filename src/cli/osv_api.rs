//! `scan --osv-api`: the database is what a service answers about the packages that were found.

use anyhow::{Context, Result};
use chrono::{DateTime, SecondsFormat, Utc};
use globset::GlobSet;

use super::args::ScanArgs;
use crate::advisory::{Credentials, Database, Http, OsvApi, PUBLIC_API, Patience};
use crate::audit;
use crate::model::Scan;

/// The service that the arguments name; `None` if it is not to be asked.
pub(super) fn service(args: &ScanArgs) -> Result<Option<OsvApi>> {
    if !args.osv_api {
        return Ok(None);
    }
    // No mirror is named: what the environment holds for one is not the service's.
    let http = Http::new(Credentials::from_environment()?, None, None, Patience::default(), Box::new(|_, _| {}))?;
    let address = args.osv_api_url.as_deref().unwrap_or(PUBLIC_API);
    Ok(Some(OsvApi::new(http, address).context("--osv-api-url")?))
}

/// Asks about the packages of all scans at once.
pub(super) fn ask(service: &OsvApi, scans: &[Scan], own: &GlobSet, now: DateTime<Utc>) -> Result<Database> {
    let (questions, kept_back) = audit::inquiry(scans, own);
    let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
    service.ask(&questions, kept_back, &now).context("the OSV service gave no answer")
}
