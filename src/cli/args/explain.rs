//! Arguments of `tidewaiter explain`.

use super::CacheArgs;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ExplainArgs {
    /// Id of a secret rule, or id or alias of an advisory (GHSA-..., CVE-..., MAL-...)
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub cache: CacheArgs,
}
