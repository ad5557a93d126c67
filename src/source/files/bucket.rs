//! A bucket of Amazon's S3, or of a service that speaks like it.
//!
//! Credentials come from variables (`AWS_ACCESS_KEY_ID`, ...), a web identity, a container or the machine itself; those
//! of a profile are exported by `aws configure export-credentials --format env`. Nothing but listing and reading is asked
//! for (`s3:ListBucket`, `s3:GetObject`).

use std::fmt::Display;
use std::path::PathBuf;
use std::time::Duration;

use chrono::SecondsFormat;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::runtime::{Builder, Runtime};

use super::tree::{MOST_FILES, Saved, Tree, unseen};
use crate::advisory;
use crate::artifact::HEAD;
use crate::model::escape_path_bytes;
use crate::source::{FetchError, SourceError, Unseen};

const CONNECT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer.
const SILENCE: Duration = Duration::from_secs(60);

/// What lies below a prefix of a bucket.
pub(super) struct Bucket {
    name: String,
    store: AmazonS3,
    prefix: Path,
    runtime: Runtime,
}

/// Connections with this program's TLS and ideas of trust.
#[derive(Debug)]
struct Connections(reqwest::Client);

impl HttpConnector for Connections {
    fn connect(&self, _: &ClientOptions) -> Result<HttpClient, Error> {
        Ok(HttpClient::new(self.0.clone()))
    }
}

impl Bucket {
    /// `place` is `s3://BUCKET/PREFIX`, `endpoint` the service's address where it is not Amazon's.
    pub fn open(place: &str, endpoint: Option<&str>) -> Result<Bucket, SourceError> {
        let rest = place.strip_prefix("s3://").unwrap_or(place);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // A user or a key in front of the name would be shown to others: what is not a name is not repeated.
        if bucket.is_empty() || !bucket.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
            return Err(SourceError("a bucket is named s3://BUCKET or s3://BUCKET/PREFIX".to_owned()));
        }
        let failed = |error: &dyn Display| SourceError(format!("s3://{bucket}: {error}"));
        let prefix = Path::parse(prefix).map_err(|error| failed(&error))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(advisory::tls(None).map_err(|error| failed(&error))?)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("tidewaiter/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))?;
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket).with_http_connector(Connections(client));
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
        }
        let store = builder.build().map_err(|error| failed(&error))?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        Ok(Bucket { name: place.to_owned(), store, prefix, runtime })
    }

    fn saved(&self, meta: ObjectMeta) -> Saved {
        let key = meta.location.as_ref();
        let below = key.strip_prefix(self.prefix.as_ref()).unwrap_or(key).trim_start_matches('/');
        Saved {
            path: escape_path_bytes(below.as_bytes()),
            raw: PathBuf::from(key),
            bytes: meta.size,
            at: meta.last_modified.to_rfc3339_opts(SecondsFormat::Secs, true),
            tag: meta.e_tag,
        }
    }

    /// Bytes of an object as it was listed.
    fn get(&self, file: &Saved, range: Option<GetRange>, most: u64) -> Result<Vec<u8>, FetchError> {
        let key = file.raw.to_str().and_then(|key| Path::parse(key).ok());
        let key = key.ok_or_else(|| FetchError::Unavailable("its name is none of S3's".to_owned()))?;
        let options = GetOptions { range, if_match: file.tag.clone(), ..GetOptions::default() };
        self.runtime.block_on(async {
            let answer = self.store.get_opts(&key, options).await.map_err(|error| lost(&error))?;
            // Room for all of it: a buffer that doubles holds the bytes twice while it does.
            let announced = answer.range.end.saturating_sub(answer.range.start).min(most);
            let mut pieces = answer.into_stream();
            let mut bytes = Vec::with_capacity(usize::try_from(announced).unwrap_or(0));
            while let Some(piece) = pieces.try_next().await.map_err(|error| lost(&error))? {
                // Whatever the length that was announced.
                if (bytes.len() + piece.len()) as u64 > most {
                    return Err(FetchError::TooLarge(most));
                }
                bytes.extend_from_slice(&piece);
            }
            Ok(bytes)
        })
    }
}

fn lost(error: &Error) -> FetchError {
    FetchError::Unavailable(match error {
        Error::Precondition { .. } => "it changed after it was listed".to_owned(),
        error => error.to_string(),
    })
}

impl Tree for Bucket {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn files(&self) -> Result<(Vec<Saved>, Vec<Unseen>), SourceError> {
        let (mut found, mut lost) = (Vec::new(), Vec::new());
        self.runtime.block_on(async {
            let mut objects = self.store.list(Some(&self.prefix));
            loop {
                match objects.try_next().await {
                    // The console makes folders of empty objects.
                    Ok(Some(meta)) if meta.size == 0 => {}
                    Ok(Some(meta)) => found.push(self.saved(meta)),
                    Ok(None) => return Ok(()),
                    Err(error) if found.is_empty() => return Err(SourceError(format!("{}: {error}", self.name))),
                    // What came before it is there.
                    Err(error) => {
                        lost.push(unseen(&self.name, &error));
                        return Ok(());
                    }
                }
                if found.len() > MOST_FILES {
                    let detail = format!("it holds more than {MOST_FILES} objects; sweep its folders one by one");
                    return Err(SourceError(format!("{}: {detail}", self.name)));
                }
            }
        })?;
        found.sort();
        Ok((found, lost))
    }

    fn head(&self, file: &Saved) -> Result<Vec<u8>, FetchError> {
        let most = HEAD as u64;
        self.get(file, Some(GetRange::Bounded(0..most.min(file.bytes))), most)
    }

    fn read(&self, file: &Saved, most: u64) -> Result<Vec<u8>, FetchError> {
        if file.bytes > most { Err(FetchError::TooLarge(most)) } else { self.get(file, None, most) }
    }

    /// Listings of S3 tell none, and to download everything for it is what a sweep avoids.
    fn digest(&self, _: &Saved) -> Result<Option<String>, FetchError> {
        Ok(None)
    }
}
