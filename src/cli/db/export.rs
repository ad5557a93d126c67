//! `tidewaiter db export`.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, Result, bail};
use indicatif::HumanBytes;

use super::super::args::ExportArgs;
use super::{options, output};
use crate::advisory::{Bundle, BundleError, Signer};
use crate::policy::Exit;

/// Where a key's password is looked for before it is asked for.
const PASSWORD: &str = "TIDEWAITER_SIGN_PASSWORD";
/// No key file is longer.
const MAX_KEY: u64 = 64 << 10;

/// Writes the cache's snapshot as one file.
pub(super) fn run(args: &ExportArgs) -> Result<Exit> {
    let cache = options::cache_dir(&args.cache)?;
    let database = options::named_database(&cache)?;
    let signer = args.sign.as_deref().map(signer).transpose()?;
    let bytes = Bundle::write(&database, signer.as_ref()).context("cannot make the bundle")?;
    output::whole_file(&args.file, &bytes)?;
    let by = signer.map_or("not signed".to_owned(), |signer| format!("signed with the key {}", signer.key_id()));
    output::print(|out| {
        writeln!(out, "snapshot   {}", database.info().snapshot)?;
        writeln!(out, "bundle     {} ({}), {by}", args.file.display(), HumanBytes(bytes.len() as u64))
    })?;
    Ok(Exit::Clean)
}

fn signer(path: &Path) -> Result<Signer> {
    let text = options::small_text(path, MAX_KEY).context("--sign")?;
    Signer::new(&text, password).with_context(|| format!("--sign {}", path.display()))
}

fn password() -> Result<String> {
    if let Some(password) = std::env::var_os(PASSWORD) {
        return password.into_string().ok().with_context(|| format!("{PASSWORD} is not UTF-8"));
    }
    if !std::io::stdin().is_terminal() {
        bail!(BundleError::Key(format!(
            "the key is encrypted; its password is read from {PASSWORD}, or on a terminal"
        )));
    }
    rpassword::prompt_password("Password of the key: ").context("cannot read the password")
}
