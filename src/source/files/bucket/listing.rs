//! All keys below a prefix, also where `object_store` has no name for some of them.
//!
//! It fails a whole page for one key with an empty part, such as `copies//orders.zip`. A page that fails is asked for with
//! fewer keys until the one that is wrong stands alone; it is told, and the listing goes on behind it.

use object_store::Error;
use object_store::ObjectMeta;
use object_store::aws::AmazonS3;
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::{self, Path};

use super::super::tree::MOST_FILES;

/// Keys of a page, as many as S3 gives.
const PAGE: usize = 1000;
/// Keys without a name that are passed over, each for one call or two; a bucket with more was filled by mistake.
const MOST_ODD: usize = 1000;

/// What was listed.
#[derive(Default)]
pub(super) struct Listed {
    pub objects: Vec<ObjectMeta>,
    /// Keys that cannot be asked for.
    pub odd: Vec<String>,
    /// Why the rest is not there.
    pub error: Option<Error>,
}

/// Where a page begins.
#[derive(Clone)]
enum Place {
    Start,
    Token(String),
    /// Behind this key.
    After(String),
}

/// Lists until the end, an error, or more objects than there may be.
pub(super) async fn list(store: &AmazonS3, prefix: &Path) -> Listed {
    let prefix = Some(format!("{prefix}/")).filter(|prefix| prefix != "/");
    let mut listed = Listed::default();
    let (mut place, mut keys) = (Place::Start, PAGE);
    while listed.objects.len() <= MOST_FILES {
        let mut options = PaginatedListOptions { max_keys: Some(keys), ..PaginatedListOptions::default() };
        match &place {
            Place::Start => {}
            Place::Token(token) => options.page_token = Some(token.clone()),
            Place::After(key) => options.offset = Some(key.clone()),
        }
        match store.list_paginated(prefix.as_deref(), options).await {
            Ok(page) => {
                listed.objects.extend(page.result.objects);
                let Some(token) = page.page_token else { break };
                place = Place::Token(token);
                keys = (keys * 2).min(PAGE);
            }
            Err(Error::InvalidPath { .. }) if keys > 1 => keys /= 2,
            Err(Error::InvalidPath {
                source: path::Error::EmptySegment { path } | path::Error::BadSegment { path, .. },
            }) if listed.odd.len() < MOST_ODD => {
                listed.odd.push(path.clone());
                place = Place::After(path);
            }
            Err(error) => {
                listed.error = Some(error);
                break;
            }
        }
    }
    listed
}
