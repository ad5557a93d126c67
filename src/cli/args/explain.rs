//! Arguments of `tidewaiter explain`.

use super::CacheArgs;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExplainArgs {
    /// Id of a check or a secret rule, kind of a gap, or id or alias of an advisory (GHSA-..., CVE-..., MAL-...)
    #[arg(value_name = "ID", required_unless_present = "list")]
    pub id: Option<String>,
    /// List the checks and the kinds of gaps ('tidewaiter rules list' lists the secret rules)
    #[arg(long, conflicts_with = "id")]
    pub list: bool,
    #[command(flatten)]
    pub cache: CacheArgs,
}
