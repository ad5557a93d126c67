//! Arguments that several commands have: where advisories are, and whose are trusted.

use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CacheArgs {
    /// Folder of the advisory cache [default: $XDG_CACHE_HOME/tidewaiter or ~/.cache/tidewaiter]
    #[arg(long, value_name = "DIR", env = "TIDEWAITER_CACHE", help_heading = "Advisories")]
    pub cache: Option<PathBuf>,
}

/// Whose signature on a bundle counts.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct TrustArgs {
    /// Public key of minisign whose signature on a bundle counts: a file, or the key itself (repeatable)
    #[arg(long, value_name = "PUBKEY", help_heading = "Advisories")]
    pub trust: Vec<String>,
    /// Take a bundle that nobody signed
    #[arg(long, help_heading = "Advisories")]
    pub allow_unsigned: bool,
}
