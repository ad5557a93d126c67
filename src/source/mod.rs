//! Floor 2: where functions and their configuration come from.
//!
//! [`read_env_file`] reads what stands beside a local artifact. A [`Source`] lists functions that are deployed somewhere
//! and fetches their archives: comparing what it lists with what is known comes between the two, so that nothing is
//! fetched twice. What the archives hold is read by the artifact floor. One file for each source.

mod arn;
#[cfg(feature = "aws")]
mod aws;
mod aws_json;
mod env_file;
mod files;

#[cfg(feature = "aws")]
pub use aws::{Aws, AwsOptions};
pub use env_file::{EnvFileError, MAX_BYTES as MAX_ENV_BYTES, read_env_file};
pub use files::{BucketOptions, Files};

use crate::artifact::Limits;
use crate::model::{Details, EnvFile, Gap};

/// A place where functions are deployed, or a copy of one.
///
/// Calls block; any thread may make them, several at once.
pub trait Source: Sync {
    /// `aws`, `files`
    fn id(&self) -> &'static str;

    /// What it looks at, for people and the report: `aws 123456789012 eu-west-1`. Whole once it has listed: credentials
    /// do not tell beforehand whose they are.
    fn name(&self) -> String;

    /// Lists every function version with its configuration.
    ///
    /// # Errors
    /// Only where nothing can be listed at all: no credentials, no such folder. What could not be listed beside what
    /// could is [`Listing::unseen`].
    fn list(&self) -> Result<Listing, SourceError>;

    /// Asks what takes calls of its own for each function, and what could not be had. For functions that are new, that
    /// changed, or whose details are old.
    fn details(&self, function: &Deployed) -> (Option<Details>, Vec<Gap>);

    /// Whether that takes no call, so that it is asked every time.
    fn details_are_free(&self) -> bool {
        false
    }

    /// The bytes of an archive, in memory, never more than `limits` allows, whatever the other end sends.
    ///
    /// # Errors
    /// See [`FetchError`]; an address that expired was asked for anew before.
    fn fetch(&self, function: &Deployed, archive: &Archive, limits: &Limits) -> Result<Vec<u8>, FetchError>;
}

/// What a source has.
#[derive(Default)]
pub struct Listing {
    /// Sorted by id.
    pub functions: Vec<Deployed>,
    /// Places that could not be listed: functions there are neither seen nor gone.
    pub unseen: Vec<Unseen>,
}

/// A place that could not be listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unseen {
    /// What the ids of all functions there begin with: `arn:aws:lambda:eu-west-1:123456789012:`. In an ARN `*` stands for
    /// one part, of which nobody knows which: `arn:aws:lambda:*:123456789012:`.
    pub prefix: String,
    /// What happened, and what to do.
    pub detail: String,
}

impl Unseen {
    /// Whether a function with this id would be there.
    pub fn hides(&self, id: &str) -> bool {
        let any_part = || {
            let (before, after) = self.prefix.split_once('*').filter(|(before, _)| before.starts_with("arn:"))?;
            let rest = id.strip_prefix(before)?;
            Some(rest[rest.find(':')?..].starts_with(after))
        };
        id.starts_with(&self.prefix) || any_part().unwrap_or(false)
    }
}

/// A function version, as its source describes it.
pub struct Deployed {
    /// Stable and unique: the qualified ARN, or the path below the folder.
    pub id: String,
    /// Variables and configuration; `config.cloud` holds what the listing told. Secrets may be among the variables.
    pub environment: EnvFile,
    /// Its code.
    pub code: Code,
    /// Its layers, in order.
    pub layers: Vec<Archive>,
    /// What the source could not have for this function, besides archives.
    pub gaps: Vec<Gap>,
}

/// What a function consists of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// An archive that can be fetched.
    Archive(Archive),
    /// A container image, which is not read: `sha256:` and its digest, or else the address that the source tells.
    Image(String),
}

/// An archive that can be fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Archive {
    /// Equal only for equal bytes: `sha256:` and the digest, or the ARN of a layer version, which never changes.
    pub identity: String,
    /// For people: `code`, the layer's ARN, the file's path.
    pub name: String,
    /// SHA-256 of the bytes in hexadecimal, where the source tells: what comes is compared with it.
    pub sha256: Option<String>,
    /// Size in bytes, where the source tells.
    pub bytes: Option<u64>,
}

/// Nothing could be listed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SourceError(pub String);

/// An archive could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// It is not there, may not be read, or the other end failed for good.
    #[error("{0}")]
    Unavailable(String),
    /// More bytes than the limit.
    #[error("it has more than the {0} bytes that are allowed")]
    TooLarge(u64),
    /// Other bytes than the source announced.
    #[error("its SHA-256 is {came}, but {announced} was announced")]
    Digest {
        /// In hexadecimal.
        announced: String,
        /// In hexadecimal.
        came: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_whose_regions_are_not_known_is_hidden_in_all_of_them() {
        let hides = |prefix: &str, id: &str| Unseen { prefix: prefix.to_owned(), detail: String::new() }.hides(id);
        let function = "arn:aws:lambda:eu-west-1:123456789012:function:orders:$LATEST";
        for prefix in ["arn:aws:lambda:eu-west-1:123456789012:", "arn:aws:lambda:*:123456789012:", "arn:"] {
            assert!(hides(prefix, function), "{prefix}");
        }
        for prefix in
            ["arn:aws:lambda:us-east-1:123456789012:", "arn:aws:lambda:*:222222222222:", "arn:aws-cn:lambda:*:"]
        {
            assert!(!hides(prefix, function), "{prefix}");
        }
        assert!(!hides("arn:aws:lambda:*:123456789012:", "arn:aws:lambda:eu-west-1"));
        // In a path it is a character like any other.
        assert!(hides("a*/", "a*/b.zip") && !hides("a*/", "ab/c:/b.zip"));
    }
}
