//! Where something is fetched from, as people write it: an address, a path, or a path written as an address.

use std::fmt;
use std::path::PathBuf;

use reqwest::Url;

use super::error::AdvisoryError;

/// A file or folder, here or elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On this machine.
    Local(PathBuf),
    /// Behind `http://` or `https://`.
    Remote(Url),
}

impl Place {
    /// Reads what a user typed: `https://...`, `http://...`, `file:///...`, or a path.
    ///
    /// # Errors
    /// [`AdvisoryError::Credentials`] for an address that holds a user or a password, [`AdvisoryError::Mirror`] for one
    /// that names no file or folder. Neither message quotes more of it than its host.
    pub fn parse(text: &str) -> Result<Place, AdvisoryError> {
        // Not by the scheme alone: a folder may be called anything.
        if text.starts_with('/') || !text.contains("://") {
            return Ok(Place::Local(PathBuf::from(text)));
        }
        let url: Url = text.parse().map_err(|error| AdvisoryError::mirror("the address", error))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AdvisoryError::Credentials(
                "an address may not hold a user or a password, since others can see it; set TIDEWAITER_MIRROR_TOKEN, \
                 or TIDEWAITER_MIRROR_USER and TIDEWAITER_MIRROR_PASSWORD, or use a netrc file"
                    .to_owned(),
            ));
        }
        let host = url.host_str().unwrap_or("the address").to_owned();
        if url.query().is_some() || url.fragment().is_some() {
            return Err(AdvisoryError::mirror(host, "an address of a file or folder has no '?' and no '#'"));
        }
        match url.scheme() {
            "http" | "https" => Ok(Place::Remote(url)),
            "file" => url.to_file_path().map(Place::Local).map_err(|()| {
                AdvisoryError::mirror(host, "a file:// address has three slashes and a path, such as file:///srv/osv")
            }),
            _ => Err(AdvisoryError::mirror(host, "an address begins with https://, http:// or file://")),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Local(path) => path.display().fmt(f),
            Place::Remote(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_addresses_are_told_apart() {
        let local = |path: &str| Place::Local(PathBuf::from(path));
        for (text, place) in [
            ("osv", local("osv")),
            ("/srv/osv", local("/srv/osv")),
            ("/srv/http://osv", local("/srv/http://osv")),
            ("file:///srv/a%20b", local("/srv/a b")),
            ("FILE://localhost/srv/osv", local("/srv/osv")),
            ("https://m.example.com/osv", Place::Remote("https://m.example.com/osv".parse().unwrap())),
        ] {
            assert_eq!(Place::parse(text).unwrap(), place, "{text}");
        }
    }

    #[test]
    fn an_address_holds_no_secret_and_no_message_repeats_one() {
        for bad in [
            "https://u:hunter2@m.example.com/",
            "https://hunter2@m.example.com",
            "ftp://m.example.com/hunter2",
            "https://m.example.com/?sig=hunter2",
            "file://m.example.com/hunter2",
            "file:///srv#hunter2",
            "://hunter2",
        ] {
            let error = Place::parse(bad).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
