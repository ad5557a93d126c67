//! A mirror behind HTTP: the public bucket, or any server with a copy of its layout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;

use super::download::{Came, Download, discard};
use super::error::AdvisoryError;
use super::http::Http;
use super::mirror::{
    Fetched, Listing, MAX_LISTING, MAX_RECORD, Mirror, Validator, is_plain, parse_ecosystems, parse_listing,
};
use super::mirror_zip::RecordZip;
use super::parallel::in_parallel;
use super::place::Place;
use crate::model::Ecosystem;

/// The public bucket (<https://google.github.io/osv.dev/data/>).
pub const PUBLIC_BUCKET: &str = "https://storage.googleapis.com/osv-vulnerabilities";

/// The largest archive of the public bucket has some 150 MB.
const MAX_ARCHIVE: u64 = 4 << 30;
/// Records that are asked for at once.
const CONNECTIONS: usize = 8;
/// So many records that are listed and not there: the mirror has archives only.
const ABSENT: usize = 20;

/// Reads the address of a mirror.
///
/// # Errors
/// As [`Place::parse`], and [`AdvisoryError::Mirror`] for a place on this machine.
pub fn parse_address(text: &str) -> Result<Url, AdvisoryError> {
    let Place::Remote(url) = Place::parse(text)? else {
        return Err(AdvisoryError::mirror("the mirror's address", "it begins with https:// or http://"));
    };
    Ok(folder(url))
}

/// An address to which the names of files can be joined.
fn folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    url
}

/// A mirror behind an address.
pub struct HttpMirror {
    http: Http,
    root: Url,
    downloads: PathBuf,
}

impl HttpMirror {
    /// Asks nothing yet. Archives are kept in `downloads` until they have been read.
    pub fn new(http: Http, root: Url, downloads: &Path) -> HttpMirror {
        HttpMirror { http, root: folder(root), downloads: downloads.to_owned() }
    }

    fn url(&self, path: &str) -> Result<Url, AdvisoryError> {
        self.root.join(path).map_err(|error| AdvisoryError::mirror(path, error))
    }

    fn kept(&self, ecosystem: &str) -> PathBuf {
        self.downloads.join(format!("{ecosystem}.zip"))
    }
}

impl Mirror for HttpMirror {
    fn place(&self) -> String {
        self.root.to_string()
    }

    fn ecosystems(&self) -> Result<Vec<String>, AdvisoryError> {
        let url = self.url("ecosystems.txt")?;
        if let Fetched::New(text, _) = self.http.get(&url, MAX_RECORD, None)? {
            return parse_ecosystems(url.as_str(), text);
        }
        // A copy of a few ecosystems need not have the list of all.
        let names = Ecosystem::ALL.map(Ecosystem::name).to_vec();
        let there =
            in_parallel(names.clone(), CONNECTIONS, |name| self.http.has(&self.url(&format!("{name}/all.zip"))?))?;
        let names: Vec<String> =
            names.iter().zip(there).filter(|(_, there)| *there).map(|(name, _)| (*name).to_owned()).collect();
        if names.is_empty() {
            let detail = "neither ecosystems.txt nor <ecosystem>/all.zip: not a copy of the OSV bucket";
            return Err(AdvisoryError::mirror(&self.root, detail));
        }
        Ok(names)
    }

    fn listing(&self, ecosystem: &str, since: Option<&Validator>) -> Result<Fetched<Listing>, AdvisoryError> {
        let url = self.url(&format!("{ecosystem}/modified_id.csv"))?;
        Ok(match self.http.get(&url, MAX_LISTING, since)? {
            Fetched::Missing => Fetched::Missing,
            Fetched::Unchanged => Fetched::Unchanged,
            Fetched::New(text, validator) => Fetched::New(parse_listing(url.as_str(), &text)?, validator),
        })
    }

    fn records(&self, ecosystem: &str, ids: &[String]) -> Result<BTreeMap<String, Vec<u8>>, AdvisoryError> {
        let absent = AtomicUsize::new(0);
        let ids: Vec<&String> = ids.iter().filter(|id| is_plain(id)).collect();
        let records = in_parallel(ids, CONNECTIONS, |id| {
            if absent.load(Ordering::Relaxed) >= ABSENT {
                return Ok(None);
            }
            let url = self.url(&format!("{ecosystem}/{id}.json"))?;
            Ok(match self.http.get(&url, MAX_RECORD, None)? {
                Fetched::New(raw, _) => Some((id.clone(), raw)),
                Fetched::Missing | Fetched::Unchanged => {
                    absent.fetch_add(1, Ordering::Relaxed);
                    None
                }
            })
        })?;
        Ok(records.into_iter().flatten().collect())
    }

    fn archive(&self, ecosystem: &str, since: Option<&Validator>) -> Result<Fetched<RecordZip>, AdvisoryError> {
        let path = self.kept(ecosystem);
        let url = self.url(&format!("{ecosystem}/all.zip"))?;
        let place = url.to_string();
        let download = Download::new(&self.http, url, &path, MAX_ARCHIVE);
        match open(&path, &place, download.run(since)?) {
            // What came in parts may be broken for that reason alone; once more, in one.
            Err((Came::InParts, _)) => open(&path, &place, download.run(since)?).map_err(|(_, error)| error),
            opened => opened.map_err(|(_, error)| error),
        }
    }

    fn forget(&self, ecosystem: &str) {
        discard(&self.kept(ecosystem));
    }
}

/// Opens an archive that has come; one that is broken is not kept.
fn open(path: &Path, place: &str, fetched: Fetched<Came>) -> Result<Fetched<RecordZip>, (Came, AdvisoryError)> {
    let (came, validator) = match fetched {
        Fetched::Missing => return Ok(Fetched::Missing),
        Fetched::Unchanged => return Ok(Fetched::Unchanged),
        Fetched::New(came, validator) => (came, validator),
    };
    let zip = RecordZip::open_from(path, place).and_then(|zip| {
        // Parts of two archives make one whose directory may well be whole.
        if came == Came::InParts {
            zip.check()?
        }
        Ok(zip)
    });
    match zip {
        Ok(zip) => Ok(Fetched::New(zip, validator)),
        Err(error) => {
            discard(path);
            Err((came, error))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_folder_and_holds_no_secret() {
        assert_eq!(parse_address("https://m.example.com/osv").unwrap().as_str(), "https://m.example.com/osv/");
        let secret = "hunter2";
        for bad in [
            "https://u:hunter2@m.example.com/",
            "https://hunter2@m.example.com",
            "ftp://m.example.com/hunter2",
            "https://m.example.com/?sig=hunter2",
            "hunter2",
        ] {
            let error = parse_address(bad).unwrap_err().to_string();
            assert!(!error.contains(secret), "{error}");
        }
    }
}
