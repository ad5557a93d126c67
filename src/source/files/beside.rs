//! Files that name no function: they belong to what they lie beside.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::account::Output;
use super::join::Made;
use super::names::Name;
use super::sort::Broken;
use crate::model::{Details, Gap, GapKind, Location};
use crate::source::Unseen;
use crate::source::aws_json::Document;

/// Adds what they say to their functions. JSON that cannot be read could say anything.
pub(super) fn add(made: &mut [Made], nameless: Vec<Output>, broken: Vec<Broken>, unseen: &mut Vec<Unseen>) {
    let neighbours = Neighbours::of(made);
    for (path, company) in Company::by_file(nameless) {
        if company.other {
            let detail =
                format!("`{path}` beside it is JSON, but nothing that AWS's command line prints of a function");
            for &one in neighbours.namesakes(&path) {
                made[one].deployed.gaps.push(gap(Gap::note, GapKind::Malformed, detail.clone()));
            }
        }
        for &one in neighbours.of_file(&path) {
            if let Some(cloud) = &mut made[one].deployed.environment.config.cloud {
                company.tell(&mut cloud.details);
            }
        }
    }
    for Broken { path, detail } in broken {
        let known = neighbours.of_file(&path);
        for &one in known {
            let detail = format!("`{path}`: {detail}; nothing of what it says is known");
            made[one].deployed.gaps.push(gap(Gap::blocking, GapKind::Malformed, detail));
        }
        // It may have said whose the archive is, and so what it was called when it could be read.
        if !known.iter().any(|&one| made[one].deployed.environment.config.arn.is_some()) {
            unseen.push(Unseen { prefix: "arn:".to_owned(), detail: format!("`{path}`: {detail}") });
        }
    }
}

/// What one file says of the functions that it lies beside: of each kind the last, however often it says so.
#[derive(Default)]
struct Company {
    at: Rc<str>,
    policy: Option<String>,
    reserved_concurrency: Option<u32>,
    tags: Option<Vec<(String, String)>>,
    /// It is an empty list of addresses, so that somebody asked for them.
    no_address: bool,
    /// It also holds JSON that says nothing of functions.
    other: bool,
}

impl Company {
    fn by_file(outputs: Vec<Output>) -> BTreeMap<Rc<str>, Company> {
        let mut files: BTreeMap<Rc<str>, Company> = BTreeMap::new();
        for Output { path, at, document } in outputs {
            let company = files.entry(path).or_insert_with(|| Company { at, ..Company::default() });
            match document {
                Document::Policy(policy) => company.policy = Some(policy),
                Document::Concurrency(count) => company.reserved_concurrency = Some(count),
                Document::Tags(tags) => company.tags = Some(tags),
                Document::Urls(_) => company.no_address = true,
                _ => company.other = true,
            }
        }
        files
    }

    fn tell(&self, details: &mut Option<Details>) {
        let says_something = self.policy.is_some() || self.reserved_concurrency.is_some() || self.tags.is_some();
        if !says_something && !self.no_address {
            return;
        }
        let details = details.get_or_insert_with(|| Details { asked: self.at.to_string(), ..Details::default() });
        details.policy = self.policy.clone().or(details.policy.take());
        details.reserved_concurrency = self.reserved_concurrency.or(details.reserved_concurrency);
        details.tags.extend(self.tags.iter().flatten().cloned());
    }
}

fn gap(level: fn(GapKind, Location, &str, String) -> Gap, kind: GapKind, detail: String) -> Gap {
    level(kind, Location::artifact(0), "files", detail)
}

/// Functions by the places of their files.
struct Neighbours {
    by_name: BTreeMap<(String, String), BTreeSet<usize>>,
    by_folder: BTreeMap<String, BTreeSet<usize>>,
    none: BTreeSet<usize>,
}

impl Neighbours {
    fn of(made: &[Made]) -> Neighbours {
        let mut all = Neighbours { by_name: BTreeMap::new(), by_folder: BTreeMap::new(), none: BTreeSet::new() };
        for (one, Made { deployed, files }) in made.iter().enumerate() {
            for path in files {
                let name = Name::of(path);
                let stems = name.stems().chain(deployed.environment.config.name.as_deref());
                for stem in stems {
                    all.by_name.entry((name.folder.to_owned(), stem.to_owned())).or_default().insert(one);
                }
                all.by_folder.entry(name.folder.to_owned()).or_default().insert(one);
            }
        }
        all
    }

    /// Functions of a file of this name in the same folder.
    fn namesakes(&self, path: &str) -> &BTreeSet<usize> {
        let name = Name::of(path);
        let find = |stem: &str| self.by_name.get(&(name.folder.to_owned(), stem.to_owned()));
        name.stems().find_map(find).unwrap_or(&self.none)
    }

    /// The functions of the name, or else the only one of the folder.
    fn of_file(&self, path: &str) -> &BTreeSet<usize> {
        let named = self.namesakes(path);
        if !named.is_empty() {
            return named;
        }
        self.by_folder.get(Name::of(path).folder).filter(|ones| ones.len() == 1).unwrap_or(&self.none)
    }
}
