//! Saved functions: a folder or bucket of archives, with what AWS's command line printed of them beside.
//!
//! The copy of an account behind an air gap, or of what a pipeline built. What a file is decides its content: JSON is
//! known by its shape, wherever it lies and whatever it is called. Which archive is meant is told by a digest where there
//! is one, else by names and folders (`docs/sweep-files.md`). Nothing tells what was never saved: a function without a
//! trace in the tree is not missed, and an old copy looks like a new one.

mod account;
mod beside;
#[cfg(feature = "aws")]
mod bucket;
mod index;
mod join;
mod names;
mod sort;
mod tree;

use std::path::{Component, PathBuf};
use std::sync::{PoisonError, RwLock};

use self::join::Places;
use self::tree::{Folder, Tree};
use super::{Archive, Deployed, FetchError, Listing, Source, SourceError};
use crate::advisory::Place;
use crate::artifact::Limits;
use crate::model::{Details, Gap, sha256};

/// How a bucket is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BucketOptions {
    /// Another service than Amazon's.
    pub endpoint: Option<String>,
    /// Certificates to trust besides the system's, in PEM form.
    pub ca_cert: Option<PathBuf>,
}

/// Saved functions.
pub struct Files {
    tree: Box<dyn Tree>,
    places: RwLock<Places>,
}

impl Files {
    /// Names the place: a folder, `file:///...`, or `s3://BUCKET/PREFIX` with the feature `aws`. Nothing is read yet.
    ///
    /// # Errors
    /// An address of another kind, or one that holds credentials; options of buckets for a folder; certificates that
    /// cannot be read.
    pub fn open(place: &str, options: &BucketOptions) -> Result<Files, SourceError> {
        let tree: Box<dyn Tree> = if place.starts_with("s3://") {
            bucket(place, options)?
        } else if *options != BucketOptions::default() {
            let detail = "an endpoint and certificates are those of an s3:// address; folders have none";
            return Err(SourceError(detail.to_owned()));
        } else {
            Box::new(Folder(folder(place)?))
        };
        Ok(Files { tree, places: RwLock::default() })
    }
}

fn folder(place: &str) -> Result<PathBuf, SourceError> {
    match Place::parse(place) {
        // `backup/` and `./backup` are one place: of another one nothing is taken for gone.
        Ok(Place::Local(path)) => {
            let plain: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
            Ok(if plain.as_os_str().is_empty() { PathBuf::from(".") } else { plain })
        }
        Ok(Place::Remote(_)) => {
            Err(SourceError("files are read from a folder, file:// or s3://BUCKET/PREFIX".to_owned()))
        }
        Err(error) => Err(SourceError(error.to_string())),
    }
}

#[cfg(feature = "aws")]
fn bucket(place: &str, options: &BucketOptions) -> Result<Box<dyn Tree>, SourceError> {
    Ok(Box::new(bucket::Bucket::open(place, options)?))
}

#[cfg(not(feature = "aws"))]
fn bucket(_place: &str, _options: &BucketOptions) -> Result<Box<dyn Tree>, SourceError> {
    Err(SourceError("this program was built without s3://; build it with --features aws".to_owned()))
}

impl Source for Files {
    fn id(&self) -> &'static str {
        "files"
    }

    fn name(&self) -> String {
        format!("files {}", self.tree.name())
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let (listing, places) = join::join(sort::sort(&*self.tree)?);
        if listing.functions.is_empty() && listing.unseen.is_empty() {
            // Likelier a folder that is not mounted than an account whose last function went.
            let detail = "it holds neither an archive nor a saved function, so that nothing was compared; is it the right place?";
            return Err(SourceError(format!("{}: {detail}", self.tree.name())));
        }
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = places;
        Ok(listing)
    }

    /// They were saved, and read with the rest.
    fn details(&self, function: &Deployed) -> (Option<Details>, Vec<Gap>) {
        (function.environment.config.cloud.as_ref().and_then(|cloud| cloud.details.clone()), Vec::new())
    }

    fn details_are_free(&self) -> bool {
        true
    }

    fn fetch(&self, _function: &Deployed, archive: &Archive, limits: &Limits) -> Result<Vec<u8>, FetchError> {
        let file = {
            let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(error) = places.missing.get(&archive.identity) {
                return Err(error.clone());
            }
            let file = places.archives.get(&archive.identity).cloned();
            file.ok_or_else(|| FetchError::Unavailable("it is none of the files that were listed".to_owned()))?
        };
        let bytes = self.tree.read(&file, limits.target_bytes)?;
        if let Some(announced) = &archive.sha256 {
            let came = sha256(&bytes);
            if came != *announced {
                return Err(FetchError::Digest { announced: announced.clone(), came });
            }
        }
        Ok(bytes)
    }
}
