//! Who we are to a mirror: a bearer token or a user and a password, from the environment or a netrc file.
//!
//! Never from an argument or an address: both are seen in process lists, shell histories and logs.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use reqwest::header::HeaderValue;

use super::error::AdvisoryError;
use super::netrc::{self, Login};

/// The variable that holds a bearer token.
const TOKEN: &str = "TIDEWAITER_MIRROR_TOKEN";
/// The variables that hold a user and a password.
const USER: &str = "TIDEWAITER_MIRROR_USER";
const PASSWORD: &str = "TIDEWAITER_MIRROR_PASSWORD";
/// A netrc file has a few lines a machine.
const MAX_NETRC: u64 = 1 << 20;

/// The credentials of this run.
#[derive(Clone, Default)]
pub struct Credentials {
    mirror: Option<HeaderValue>,
    logins: Vec<Login>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

impl Credentials {
    /// Reads the environment, and the netrc file that `$NETRC` names or `~/.netrc`.
    ///
    /// # Errors
    /// [`AdvisoryError::Credentials`] where the variables contradict each other, or a file that is named or there
    /// cannot be read. No message quotes a value.
    pub fn from_environment() -> Result<Credentials, AdvisoryError> {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mirror = match (text(TOKEN), text(USER), text(PASSWORD)) {
            (None, None, None) => None,
            (Some(token), None, None) => Some(header(&format!("Bearer {token}"), TOKEN)?),
            (None, Some(user), Some(password)) => Some(basic(&user, &password)?),
            (Some(_), ..) => return Err(AdvisoryError::Credentials(format!("set {TOKEN} or {USER}, not both"))),
            _ => return Err(AdvisoryError::Credentials(format!("{USER} and {PASSWORD} go together"))),
        };
        Ok(Credentials { mirror, logins: read_netrc()? })
    }

    /// The value of `Authorization` for an address. What the environment holds is for the mirror that the user named
    /// (`origin`), a netrc entry for its machine.
    pub(super) fn for_url(&self, url: &Url, origin: Option<&Url>) -> Result<Option<HeaderValue>, AdvisoryError> {
        if let Some(value) = self.mirror.as_ref().filter(|_| origin.is_some_and(|named| named.origin() == url.origin()))
        {
            return Ok(Some(value.clone()));
        }
        let host = url.host_str().unwrap_or_default();
        let login = self.logins.iter().find(|login| login.machine.eq_ignore_ascii_case(host));
        login.map(|login| basic(&login.user, &login.password)).transpose()
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7617>.
fn basic(user: &str, password: &str) -> Result<HeaderValue, AdvisoryError> {
    header(&format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))), USER)
}

/// Sensitive, so that no debug output of a request shows it.
fn header(value: &str, name: &str) -> Result<HeaderValue, AdvisoryError> {
    let mut value = HeaderValue::from_str(value)
        .map_err(|_| AdvisoryError::Credentials(format!("{name} holds characters that no header can carry")))?;
    value.set_sensitive(true);
    Ok(value)
}

fn read_netrc() -> Result<Vec<Login>, AdvisoryError> {
    let named = std::env::var_os("NETRC").map(PathBuf::from);
    let asked = named.is_some();
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".netrc"));
    let Some(path) = named.or_else(home) else { return Ok(Vec::new()) };
    let failed = |detail: &dyn fmt::Display| AdvisoryError::Credentials(format!("{}: {detail}", path.display()));
    match fs::metadata(&path) {
        Err(_) if !asked => return Ok(Vec::new()),
        Err(error) => return Err(failed(&error)),
        Ok(metadata) if metadata.len() > MAX_NETRC => return Err(failed(&"too large for a netrc file")),
        Ok(_) => {}
    }
    let text = fs::read_to_string(&path).map_err(|error| failed(&error))?;
    Ok(netrc::parse(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn each_host_gets_its_own_and_no_other() {
        let credentials = Credentials {
            mirror: Some(header("Bearer t", TOKEN).unwrap()),
            logins: netrc::parse("machine n.example.com login u password p"),
        };
        let named = url("https://m.example.com/osv/");
        let give = |to: &str| {
            let value = credentials.for_url(&url(to), Some(&named)).unwrap();
            value.map(|value| value.to_str().unwrap().to_owned())
        };
        assert_eq!(give("https://m.example.com/osv/npm/all.zip").as_deref(), Some("Bearer t"));
        assert_eq!(give("https://N.example.com/").as_deref(), Some("Basic dTpw"));
        for other in ["http://m.example.com/", "https://m.example.com:444/", "https://x.m.example.com/"] {
            assert_eq!(give(other), None, "{other}");
        }
        assert_eq!(credentials.for_url(&named, None).unwrap(), None);
        assert_eq!(format!("{credentials:?}"), "Credentials(..)");
        assert!(format!("{:?}", credentials.for_url(&named, Some(&named)).unwrap()).contains("Sensitive"));
    }
}
