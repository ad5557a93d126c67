//! AWS Lambda: every function version that is in use, over accounts and regions.
//!
//! Looked at is the unpublished version (`$LATEST`) of each function, and every published one that an alias, provisioned
//! concurrency, an event source or Lambda@Edge points to. The edge's copies name the version that they are copies of, in
//! every region; so what the edge uses is known without asking CloudFront, as far as the region of the copied version is
//! looked at. A published version that another service names by its number is not known.
//!
//! # Calls
//!
//! Lambda's control plane is slow by intent (`pace.rs`), so what can be asked for all functions at once is. Of a function
//! that did not change, nothing is asked by itself:
//!
//! | For | Calls |
//! |---|---|
//! | an account | `GetCallerIdentity`, `GetAccountAuthorizationDetails` by pages; `ListRegions` where all are looked at |
//! | a region | `ListFunctions` (50 versions a page), `ListEventSourceMappings` by pages, `GetMetricData` for 500 functions |
//! | a function with published versions | `ListAliases`, `ListProvisionedConcurrencyConfigs` |
//! | a function, where tags choose | `GetFunction` |
//! | a version that is new or changed | `GetFunction`, `ListFunctionUrlConfigs`, `GetPolicy`, one more `GetPolicy` for each of its aliases |
//! | a layer version that is new | `GetLayerVersionByArn` |
//! | a download after more than eight minutes, or whose address expired | `GetFunction` or `GetLayerVersionByArn` once more |
//!
//! All of them only read; `docs/aws-policy.json` allows them and nothing else.
//!
//! # Cannot know
//!
//! Code of container images; calls of a version apart from those of its function; who changed what.

mod archives;
mod deployed;
mod details;
mod failure;
mod metrics;
mod pace;
mod pointers;
mod region;
mod roles;
mod selection;
mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use tokio::runtime::Runtime;

use self::archives::{Addresses, Download};
use self::deployed::{Around, assemble, gap};
use self::pointers::{aliases, split};
use self::region::{Listed, Region};
use self::selection::Selection;
use self::session::Session;
pub(super) use self::session::environment;
use super::{Archive, Deployed, FetchError, Listing, Source, SourceError, Unseen};
use crate::artifact::Limits;
use crate::model::{Details, Gap};

/// Accounts that are listed at once.
const ACCOUNTS: usize = 8;

/// Where to look, and as whom.
#[derive(Clone, Debug, Default)]
pub struct AwsOptions {
    /// Regions; empty for the configured one.
    pub regions: Vec<String>,
    /// Every region that is enabled for the account, in place of `regions`.
    pub all_regions: bool,
    /// Profiles, one account each; empty for the environment's credentials.
    pub profiles: Vec<String>,
    /// ARNs of roles, one account each, to be taken on by the only profile; the profile's own account is then not
    /// looked at.
    pub roles: Vec<String>,
    /// All calls go there: an emulator, a private endpoint.
    pub endpoint_url: Option<String>,
    /// Globs of function names; empty for all.
    pub names: Vec<String>,
    /// Tags that a function must all have. Costs a call for each function.
    pub tags: Vec<(String, String)>,
    /// Certificates to trust besides the system's, in PEM form.
    pub ca_cert: Option<PathBuf>,
    /// Read in place of `~/.aws/config` and `~/.aws/credentials`.
    pub config_file: Option<PathBuf>,
}

/// Functions at AWS.
pub struct Aws {
    options: AwsOptions,
    selection: Selection,
    // The SDK is asynchronous, the trait blocks.
    runtime: Runtime,
    download: Download,
    /// Regions that were listed, by prefix.
    regions: Mutex<BTreeMap<String, Arc<Region>>>,
    addresses: Addresses,
}

impl Aws {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// For a glob that is none and certificates that cannot be read.
    pub fn new(options: AwsOptions) -> Result<Aws, SourceError> {
        let selection = Selection::new(&options.names, &options.tags)?;
        let plain = options.endpoint_url.as_ref().is_some_and(|url| url.starts_with("http://"));
        let download = Download::new(options.ca_cert.as_deref(), plain)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let runtime = runtime.map_err(|error| SourceError(format!("no threads for the network: {error}")))?;
        Ok(Aws { options, selection, runtime, download, regions: Mutex::default(), addresses: Addresses::default() })
    }

    /// The region of a listed function, its name and its version.
    fn place<'a>(&self, function: &'a Deployed) -> Option<(Arc<Region>, &'a str, &'a str)> {
        let (name, version) = split(&function.id)?;
        let prefix = &function.id[..function.id.find("function:")?];
        let regions = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        Some((regions.get(prefix)?.clone(), name, version))
    }

    /// What an account has, and whether any region of it answered.
    fn account(&self, session: &Session, seen: &Mutex<BTreeSet<String>>) -> (Listing, bool) {
        let mut listing = Listing::default();
        let identity = match self.runtime.block_on(session.identify()) {
            Ok(identity) => identity,
            Err(detail) => {
                listing.unseen = self.nothing(session, session.known.as_ref(), &detail);
                return (listing, false);
            }
        };
        let known = (identity.partition, identity.account);
        let regions = match self.runtime.block_on(session.regions(&self.options)) {
            Ok(regions) => regions,
            Err(detail) => {
                listing.unseen = self.nothing(session, Some(&known), &detail);
                return (listing, false);
            }
        };
        let regions = regions.iter().map(|name| Arc::new(Region::new(&session.config, &known.0, &known.1, name)));
        // Two profiles may lead to one account, each to regions of its own.
        let is_first =
            |region: &Arc<Region>| seen.lock().unwrap_or_else(PoisonError::into_inner).insert(region.prefix.clone());
        let regions: Vec<Arc<Region>> = regions.filter(is_first).collect();
        let mut listed: Vec<(Arc<Region>, Listed)> = thread::scope(|scope| {
            let start = |region: &Arc<Region>| {
                let region = region.clone();
                scope.spawn(move || {
                    let listed = self.runtime.block_on(region.list(&self.selection));
                    (region, listed)
                })
            };
            let threads: Vec<_> = regions.iter().map(start).collect();
            threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
        });
        let edge: BTreeSet<String> = listed.iter().flat_map(|(_, listed)| &listed.edge).cloned().collect();
        let versions = listed.iter().flat_map(|(_, listed)| &listed.versions);
        let wanted: BTreeSet<String> = versions.filter_map(|function| function.role().map(str::to_owned)).collect();
        let roles = match wanted.is_empty() {
            true => Ok(BTreeMap::new()),
            false => self.runtime.block_on(roles::ask(&aws_sdk_iam::Client::new(&session.config), &wanted)),
        };
        let answered = listed.iter().any(|(_, listed)| listed.answered);
        let around = Around { edge: &edge, roles: &roles };
        let mut known = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        for (region, mut one) in listed.drain(..) {
            listing.unseen.append(&mut one.unseen);
            let (functions, unseen) = assemble(&region, one, &around);
            listing.functions.extend(functions);
            listing.unseen.extend(unseen);
            known.insert(region.prefix.clone(), region);
        }
        (listing, answered)
    }

    /// What is unseen where an account does not let us in. Without its number no place can be named, and nothing that was
    /// seen anywhere before can be told from what is gone.
    fn nothing(&self, session: &Session, known: Option<&(String, String)>, detail: &str) -> Vec<Unseen> {
        let detail = format!("{}: {detail}", session.name);
        let unseen = |prefix| Unseen { prefix, detail: detail.clone() };
        match known {
            Some((partition, account)) if !self.options.all_regions && !self.options.regions.is_empty() => {
                let regions = self.options.regions.iter();
                regions.map(|region| unseen(format!("arn:{partition}:lambda:{region}:{account}:"))).collect()
            }
            Some((partition, account)) => vec![unseen(format!("arn:{partition}:lambda:*:{account}:"))],
            None => vec![unseen("arn:".to_owned())],
        }
    }
}

impl Source for Aws {
    fn id(&self) -> &'static str {
        "aws"
    }

    fn name(&self) -> String {
        let AwsOptions { regions, all_regions, profiles, roles, .. } = &self.options;
        let listed = self.regions.lock().unwrap_or_else(PoisonError::into_inner);
        // What the environment chooses may be something else tomorrow, and then nothing of today is gone.
        let found = |part: fn(&Region) -> &String| -> BTreeSet<String> {
            listed.values().map(|region| part(region).clone()).collect()
        };
        let mut words = vec!["aws".to_owned()];
        match (roles.is_empty(), profiles.is_empty()) {
            (false, _) => words.extend(roles.iter().cloned()),
            (true, false) => words.extend(profiles.iter().cloned()),
            (true, true) => words.extend(found(|region| &region.account)),
        }
        match (all_regions, regions.is_empty()) {
            (true, _) => words.push("all regions".to_owned()),
            (false, false) => words.extend(regions.iter().cloned()),
            // Those of several profiles are theirs, and not known where one of them cannot be used.
            (false, true) if profiles.len() > 1 => {}
            (false, true) => words.extend(found(|region| &region.name)),
        }
        words.join(" ")
    }

    fn list(&self) -> Result<Listing, SourceError> {
        let sessions = self.runtime.block_on(session::open(&self.options))?;
        let seen = Mutex::default();
        let (mut whole, mut any) = (Listing::default(), false);
        for some in sessions.chunks(ACCOUNTS) {
            let listings: Vec<(Listing, bool)> = thread::scope(|scope| {
                let threads: Vec<_> = some.iter().map(|session| scope.spawn(|| self.account(session, &seen))).collect();
                threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
            });
            for (listing, answered) in listings {
                any |= answered;
                whole.functions.extend(listing.functions);
                whole.unseen.extend(listing.unseen);
            }
        }
        whole.functions.sort_by(|a, b| a.id.cmp(&b.id));
        whole.unseen.sort();
        if !any && !whole.unseen.is_empty() {
            let details: BTreeSet<&str> = whole.unseen.iter().map(|unseen| unseen.detail.as_str()).collect();
            return Err(SourceError(Vec::from_iter(details).join("; ")));
        }
        Ok(whole)
    }

    fn details(&self, function: &Deployed) -> (Option<Details>, Vec<Gap>) {
        let Some((region, name, version)) = self.place(function) else {
            return (None, vec![gap("its details cannot be asked for: it was not listed")]);
        };
        let used_by = function.environment.config.cloud.as_ref().map_or(&[][..], |cloud| &cloud.used_by);
        let aliases = aliases(used_by).collect();
        match self.runtime.block_on(region.details(name, version, &aliases)) {
            Ok((details, address)) => {
                if let Some(address) = address {
                    self.addresses.keep(&function.id, address);
                }
                (Some(details), Vec::new())
            }
            Err(detail) => (None, vec![gap(&format!("who may call it is not known: {detail}"))]),
        }
    }

    fn fetch(&self, function: &Deployed, archive: &Archive, limits: &Limits) -> Result<Vec<u8>, FetchError> {
        let not_listed = || FetchError::Unavailable("it was not listed".to_owned());
        let (region, name, version) = self.place(function).ok_or_else(not_listed)?;
        let announced = archive.sha256.as_deref();
        if function.layers.contains(archive) {
            let ask = || self.runtime.block_on(region.layer(&archive.identity));
            return self.download.fetch(None, ask, announced, limits);
        }
        let ask = || self.runtime.block_on(region.code(name, version));
        self.download.fetch(self.addresses.take(&function.id), ask, announced, limits)
    }
}
