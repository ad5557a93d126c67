//! Functions and archives together: which archive is whose code, and which its layers.
//!
//! A digest decides where a configuration tells one. Else names do, first those beside the configuration, then anywhere
//! in the tree; at last a folder with one function and one archive needs none.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Account, Function};
use super::beside;
use super::index::{Choice, Index};
use super::names::{Name, code_names, layer_names};
use super::sort::Sorted;
use super::tree::Saved;
use crate::model::{EnvFile, FunctionConfig};
use crate::source::arn::FunctionArn;
use crate::source::{Archive, Code, Deployed, FetchError, Listing};

/// Names of an archive that say only that it is the code of its folder's function.
const PLAIN: [&str; 3] = ["code", "function", "lambda"];

/// Where the archives of a listing are.
#[derive(Default)]
pub(super) struct Places {
    /// By identity.
    pub archives: BTreeMap<String, Saved>,
    /// Why there is no file for an identity.
    pub missing: BTreeMap<String, FetchError>,
}

/// A function with the files that say whose it is.
pub(super) struct Made {
    pub deployed: Deployed,
    /// Its own configurations, and its code.
    pub files: BTreeSet<String>,
}

/// Makes functions of what was saved.
pub(super) fn join(sorted: Sorted) -> (Listing, Places) {
    let mut account = Account::of(sorted.outputs);
    let mut unseen = sorted.unseen;
    unseen.append(&mut account.unseen);
    let index = Index::new(sorted.archives);
    let mut join = Join {
        index: &index,
        only: only_functions(&account),
        taken: BTreeSet::new(),
        claimed: BTreeSet::new(),
        places: Places::default(),
    };

    // Layers and digests first: what is then left of a folder is code.
    let layers: Vec<Vec<Archive>> = account.functions.values().map(|one| join.layers(one, &account.layers)).collect();
    for function in account.functions.values() {
        join.claimed.extend(function.configuration.sha256.clone());
    }
    let codes: Vec<(Code, Option<String>)> = account.functions.iter().map(|(id, one)| join.code(id, one)).collect();
    let ids: BTreeSet<String> = account.functions.keys().cloned().collect();
    let functions = account.functions.into_iter().zip(layers).zip(codes);
    let mut made: Vec<Made> = functions.map(|(((id, one), layers), code)| make(id, one, layers, code)).collect();
    let left = index.all.iter().enumerate().filter(|(at, _)| !join.is_taken(*at)).map(|(_, stored)| stored);
    // A configuration may call its function like an archive that is not its own.
    let id = |path: &String| if ids.contains(path) { format!("./{path}") } else { path.clone() };
    made.extend(left.map(|stored| Made {
        deployed: Deployed {
            id: id(&stored.file.path),
            environment: EnvFile { variables: Vec::new(), config: FunctionConfig::default(), error: None },
            code: Code::Archive(stored.archive(None)),
            layers: Vec::new(),
            gaps: Vec::new(),
        },
        files: BTreeSet::from([stored.file.path.clone()]),
    }));
    beside::add(&mut made, account.nameless, sorted.broken, &mut unseen);

    let mut functions: Vec<Deployed> = made.into_iter().map(|made| made.deployed).collect();
    functions.sort_by(|a, b| a.id.cmp(&b.id));
    unseen.sort();
    unseen.dedup();
    let mut places = join.places;
    // Of equal archives, the first one is read.
    places.archives.extend(index.all.iter().rev().map(|stored| (stored.identity(), stored.file.clone())));
    (Listing { functions, unseen }, places)
}

/// The functions that have a folder for themselves.
fn only_functions(account: &Account) -> BTreeMap<String, String> {
    let mut folders: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    for (id, function) in &account.functions {
        for path in &function.own {
            folders.entry(Name::of(path).folder).or_default().insert(id);
        }
    }
    let alone = folders.into_iter().filter(|(_, ids)| ids.len() == 1);
    alone.flat_map(|(folder, ids)| ids.into_iter().map(move |id| (folder.to_owned(), id.clone()))).collect()
}

struct Join<'a> {
    index: &'a Index,
    /// By folder, the one function that is described there.
    only: BTreeMap<String, String>,
    /// Archives that are somebody's code or layer,
    taken: BTreeSet<usize>,
    /// and the digests of such: a copy is no function of its own.
    claimed: BTreeSet<String>,
    places: Places,
}

impl Join<'_> {
    fn layers(&mut self, function: &Function, told: &BTreeMap<String, (Option<String>, String)>) -> Vec<Archive> {
        let arns = &function.configuration.environment.config.layers;
        let sizes = function.configuration.layer_bytes.iter().copied().chain(std::iter::repeat(None));
        arns.iter()
            .zip(sizes)
            .map(|(arn, bytes)| {
                let (announced, path) =
                    told.get(arn).map_or((None, None), |(digest, path)| (digest.as_deref(), Some(path)));
                let choice = self.index.with_digest(announced);
                let choice = choice.or_else(|| path.map_or(Choice::None, |path| self.beside(path)));
                match choice.or_else(|| self.index.layer(arn, bytes)) {
                    Choice::One(at) => self.take(at, announced),
                    Choice::Several(a, b) => self.without(arn, arn.clone(), self.several(a, b)),
                    Choice::None => {
                        let name =
                            layer_names(arn).map(|names| format!("; save it as `layers/{}.zip`", names.short[0]));
                        let size = bytes.map(|bytes| format!(" of {bytes} bytes")).unwrap_or_default();
                        let detail = format!("no archive{size} of this layer was saved{}", name.unwrap_or_default());
                        self.without(arn, arn.clone(), detail)
                    }
                }
            })
            .collect()
    }

    /// The code, and the file that it is in.
    fn code(&mut self, id: &str, function: &Function) -> (Code, Option<String>) {
        let configuration = &function.configuration;
        if let Some(image) = &configuration.image {
            return (Code::Image(image.clone()), None);
        }
        let announced = configuration.sha256.as_deref();
        let config = &configuration.environment.config;
        let names = config.name.as_deref().map(|name| code_names(name, configuration.version.as_deref()));
        let names = names.unwrap_or_default();
        let folders: BTreeSet<&str> = function.own.iter().map(|path| Name::of(path).folder).collect();
        let alone = || folders.iter().copied().filter(|folder| self.only.get(*folder).is_some_and(|only| only == id));
        let index = self.index;
        let choice = first(function.own.iter().map(|path| self.beside(path)))
            .or_else(|| first(folders.iter().flat_map(|folder| names.iter().map(|name| index.beside(folder, name)))))
            .or_else(|| first(alone().flat_map(|folder| PLAIN.map(|name| index.beside(folder, name)))))
            .or_else(|| {
                first(alone().map(|folder| index.only(index.in_folder(folder).filter(|&at| !self.is_taken(at)))))
            })
            .or_else(|| first(names.iter().map(|name| index.anywhere(name))));
        // The digest decides; of several copies, the one that has the right name.
        let is_meant =
            matches!(choice, Choice::One(at) if announced.is_some() && index.all[at].sha256.as_deref() == announced);
        let choice = if is_meant { choice } else { index.with_digest(announced).or_else(|| choice) };
        let detail = match choice {
            Choice::One(at) => {
                let path = index.all[at].file.path.clone();
                return (Code::Archive(self.take(at, announced)), Some(path));
            }
            Choice::Several(a, b) => self.several(a, b),
            Choice::None => {
                let name = names.first().map(|name| format!("; save it as `{name}.zip` beside its configuration"));
                format!("no archive of its code was saved{}", name.unwrap_or_default())
            }
        };
        // What is known of the same bytes from elsewhere is known of these.
        let identity = announced.map_or_else(|| format!("missing:{id}"), |digest| format!("sha256:{digest}"));
        (Code::Archive(self.without(&identity, "code".to_owned(), detail)), None)
    }

    /// The archive that lies beside a file under its name.
    fn beside(&self, path: &str) -> Choice {
        let name = Name::of(path);
        first(name.stems().map(|stem| self.index.beside(name.folder, stem)))
    }

    fn is_taken(&self, at: usize) -> bool {
        self.taken.contains(&at)
            || self.index.all[at].sha256.as_ref().is_some_and(|digest| self.claimed.contains(digest))
    }

    fn take(&mut self, at: usize, announced: Option<&str>) -> Archive {
        self.taken.insert(at);
        let stored = &self.index.all[at];
        let archive = stored.archive(announced);
        self.places.archives.insert(archive.identity.clone(), stored.file.clone());
        let came = &stored.sha256;
        let (Some(announced), Some(came)) = (announced.filter(|&announced| came.as_deref() != Some(announced)), came)
        else {
            self.claimed.extend(came.clone());
            return archive;
        };
        // Under an identity of its own: what is known of either of the two is not known of this function.
        let identity = format!("differs:{announced}:{came}");
        let error = FetchError::Digest { announced: announced.to_owned(), came: came.clone() };
        self.places.missing.insert(identity.clone(), error);
        Archive { identity, ..archive }
    }

    fn without(&mut self, identity: &str, name: String, detail: String) -> Archive {
        self.places.missing.insert(identity.to_owned(), FetchError::Unavailable(detail));
        Archive { identity: identity.to_owned(), name, sha256: None, bytes: None }
    }

    fn several(&self, a: usize, b: usize) -> String {
        let [a, b] = [a, b].map(|at| &self.index.all[at].file.path);
        format!("`{a}` and `{b}` are both named like it, and nothing tells which one is meant")
    }
}

/// The first search that found something.
fn first(mut choices: impl Iterator<Item = Choice>) -> Choice {
    choices.find(|choice| *choice != Choice::None).unwrap_or(Choice::None)
}

fn make(id: String, mut function: Function, layers: Vec<Archive>, (code, file): (Code, Option<String>)) -> Made {
    let (tags, reserved) = (function.configuration.tags.take(), function.configuration.reserved);
    if tags.is_some() || reserved.is_some() {
        let at = function.at.clone();
        let details = function.details(&at);
        details.tags.extend(tags.into_iter().flatten());
        details.reserved_concurrency = reserved.or(details.reserved_concurrency);
    }
    let Function { configuration, own, used_by, event_sources, details, gaps, .. } = function;
    let mut environment = configuration.environment;
    if FunctionArn::parse(&id).is_some() {
        environment.config.arn = Some(id.clone());
    }
    if let Some(cloud) = &mut environment.config.cloud {
        cloud.used_by = used_by.into_iter().collect();
        cloud.event_sources = event_sources.into_iter().collect();
        cloud.details = details.map(|mut details| {
            details.urls.sort();
            details.urls.dedup();
            details
        });
    }
    let files = own.into_iter().chain(file).collect();
    Made { deployed: Deployed { id, environment, code, layers, gaps }, files }
}
