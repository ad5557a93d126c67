//! A bucket of Amazon's S3, or of a service that speaks like it.
//!
//! Nothing but listing and reading is asked for (`s3:ListBucket`, `s3:GetObject`). What changes with an object's content
//! is its entity tag (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html>), so that an object which was
//! overwritten is another one whatever its size and time; every read names the tag that was listed.

mod credentials;
mod failure;
mod listing;

use std::path::PathBuf;
use std::time::Duration;

use chrono::SecondsFormat;
use futures_util::TryStreamExt;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{HttpClient, HttpConnector};
use object_store::path::Path;
use object_store::{ClientOptions, Error, GetOptions, GetRange, ObjectMeta, ObjectStore, RetryConfig};
use tokio::runtime::{Builder, Runtime};

use self::credentials::Credentials;
use self::failure::describe;
use self::listing::Listed;
use super::BucketOptions;
use super::names::{is_archive, is_json};
use super::tree::{MOST_FILES, Saved, Tree, unseen};
use crate::advisory;
use crate::artifact::HEAD;
use crate::model::escape_path_bytes;
use crate::source::aws;
use crate::source::{FetchError, SourceError, Unseen};

const CONNECT: Duration = Duration::from_secs(15);
/// Between two pieces of an answer.
const SILENCE: Duration = Duration::from_secs(60);
/// Repetitions of a request; the pauses between them grow to some seconds.
const RETRIES: usize = 5;

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
    /// `place` is `s3://BUCKET/PREFIX`.
    pub fn open(place: &str, options: &BucketOptions) -> Result<Bucket, SourceError> {
        let rest = place.strip_prefix("s3://").unwrap_or(place);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        // A user or a key in front of the name would be shown to others: what is not a name is not repeated.
        if bucket.is_empty() || !bucket.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')) {
            return Err(SourceError("a bucket is named s3://BUCKET or s3://BUCKET/PREFIX".to_owned()));
        }
        let is_address = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        if options.endpoint.as_ref().is_some_and(|url| !is_address(url)) {
            return Err(SourceError("an endpoint is an address such as https://minio.example.com".to_owned()));
        }
        let failed = |error: &dyn std::error::Error| SourceError(format!("s3://{bucket}: {error}"));
        let prefix = Path::parse(prefix).map_err(|error| failed(&error))?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(advisory::tls(options.ca_cert.as_deref()).map_err(|error| failed(&error))?)
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(concat!("tidewaiter/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| failed(&error))?;
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| failed(&error))?;
        let config = runtime.block_on(aws::environment(options.ca_cert.as_deref()))?;
        // From the environment come things that only S3 knows: who pays, whether anybody may read.
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_http_connector(Connections(client))
            .with_retry(RetryConfig { max_retries: RETRIES, ..RetryConfig::default() });
        if let Some(region) = config.region() {
            builder = builder.with_region(region.as_ref());
        }
        if let Some(provider) = config.credentials_provider() {
            builder = builder.with_credentials(Credentials::new(provider));
        }
        if let Some(endpoint) = &options.endpoint {
            // Goes before every variable that names one.
            builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
        }
        let store = builder.build().map_err(|error| failed(&error))?;
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
            let mut pieces = self.store.get_opts(&key, options).await.map_err(|error| lost(&error))?.into_stream();
            // Room for all of it: a buffer that doubles holds the bytes twice while it does.
            let mut bytes = Vec::with_capacity(usize::try_from(file.bytes.min(most)).unwrap_or(0));
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
        Error::Precondition { .. } => "it was overwritten after it was listed; the next sweep takes it".to_owned(),
        Error::NotFound { .. } => "it was removed after it was listed".to_owned(),
        error => format!("s3:GetObject: {}", describe(error)),
    })
}

impl Tree for Bucket {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn files(&self) -> Result<(Vec<Saved>, Vec<Unseen>), SourceError> {
        let Listed { objects, odd, error } = self.runtime.block_on(listing::list(&self.store, &self.prefix));
        let told = error.map(|error| format!("s3:ListBucket: {}", describe(&error)));
        if objects.len() > MOST_FILES {
            let detail = format!("it holds more than {MOST_FILES} objects; sweep its folders one by one");
            return Err(SourceError(format!("{}: {detail}", self.name)));
        }
        if objects.is_empty() && odd.is_empty() {
            let detail = match told {
                Some(told) => told,
                // A prefix that is mistyped looks the same as one under which nothing is left.
                None if !self.prefix.as_ref().is_empty() => "nothing lies there".to_owned(),
                None => return Ok((Vec::new(), Vec::new())),
            };
            return Err(SourceError(format!("{}: {detail}", self.name)));
        }
        let mut lost: Vec<Unseen> = told.iter().map(|told| unseen(&self.name, told)).collect();
        lost.extend(odd.iter().map(|key| {
            let detail = "a key with an empty, a `.` or a `..` part, or with a control character, cannot be read; copy it \
                          to another one";
            unseen(&escape_path_bytes(key.as_bytes()), &detail)
        }));
        let mut found: Vec<Saved> = objects.into_iter().map(|meta| self.saved(meta)).collect();
        // The console makes folders of empty objects.
        found.retain(|file| file.bytes > 0 || is_archive(&file.path) || is_json(&file.path));
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
