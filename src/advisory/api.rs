//! The OSV service, asked instead of a cache (<https://google.github.io/osv.dev/api/>).
//!
//! ```text
//! questions  ->  POST v1/querybatch  ->  ids  ->  GET v1/vulns/ID  ->  a snapshot in memory
//! ```
//!
//! What leaves the machine is the ecosystem, the name and the version of each package that is asked about, and nothing
//! besides. What comes back is a list of candidates only: their records are matched here, as those of a cache are. A
//! version that this program and the service could read in two ways is not sent, so that every record of the package is
//! a candidate.
//!
//! What this cannot know: a record that the service does not name, such as that of a package whose name is written here
//! in another case than there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::database::{Database, Silence};
use super::error::AdvisoryError;
use super::feeds::Feeds;
use super::http::Http;
use super::mirror::{Fetched, MAX_RECORD};
use super::parallel::in_parallel;
use super::record;
use super::skipped::Skips;
use super::snapshot_write::{self, Use};
use crate::model::{Advisory, Ecosystem};
use crate::version;

/// The public service.
pub const PUBLIC_API: &str = "https://api.osv.dev/";
/// Queries of one batch, which is the service's own limit.
const BATCH: usize = 1000;
/// Records that are fetched at once.
const WORKERS: usize = 8;
/// Pages of one answer. A page holds at least one id, and no package has so many records.
const MAX_PAGES: usize = 200;
/// Records of one run; the whole service has not many times as many.
const MAX_CANDIDATES: usize = 50_000;
/// Bytes of a batch's answer; an id takes some 80.
const MAX_ANSWER: u64 = 64 << 20;
/// Bytes of the longest name and version that are sent. What is longer is no package's.
const LONGEST: usize = 256;

/// A package to ask about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name as it writes it itself.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Question {
    fn key(&self) -> (Ecosystem, String) {
        (self.ecosystem, self.ecosystem.normalize(&self.name).into_owned())
    }

    /// What of it is sent, or why nothing of it can be.
    fn package(&self) -> Result<Package<'_>, String> {
        let name = match self.ecosystem {
            Ecosystem::PyPI => self.ecosystem.normalize(&self.name),
            _ => self.name.as_str().into(),
        };
        if name.is_empty() || name.len() > LONGEST || name.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("its name is none that the service could know".to_owned());
        }
        Ok(Package { ecosystem: self.ecosystem.name(), name })
    }

    /// The version as the service reads it; `None` where it might read another one.
    fn shared_version(&self) -> Option<&str> {
        let version = self.version.as_str();
        let readable = version.len() <= LONGEST && version::order(self.ecosystem).compare(version, version).is_ok();
        let plain = || version.bytes().all(|b| b.is_ascii_graphic());
        match self.ecosystem {
            // Releases of Go are spelled in two ways, and a module's version begins with a letter.
            Ecosystem::Go => {
                let bare = version.strip_prefix("go").or_else(|| version.strip_prefix('v')).unwrap_or(version);
                let numbers = bare.split(['-', '+']).next().unwrap_or_default();
                let three = numbers.split('.').count() == 3 && numbers.bytes().all(|b| b == b'.' || b.is_ascii_digit());
                Some(bare).filter(|_| three)
            }
            // Behind a hyphen may stand a platform, which to the service is a pre-release.
            Ecosystem::RubyGems => Some(version).filter(|version| !version.contains('-')),
            _ => Some(version),
        }
        .filter(|_| readable && plain())
    }
}

#[derive(Serialize)]
struct Batch<'a> {
    queries: Vec<Query<'a>>,
}

#[derive(Serialize)]
struct Query<'a> {
    package: Package<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page_token: Option<&'a str>,
}

#[derive(Serialize)]
struct Package<'a> {
    ecosystem: &'static str,
    name: std::borrow::Cow<'a, str>,
}

#[derive(Deserialize)]
struct Answers {
    #[serde(default)]
    results: Vec<Option<Answer>>,
}

/// Nothing at all where nothing is known.
#[derive(Default, Deserialize)]
struct Answer {
    #[serde(default)]
    vulns: Vec<Candidate>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Candidate {
    id: String,
}

/// What the batches gave: for each id the questions that it answers, and for each question that has no whole answer the
/// reason.
#[derive(Default)]
struct Candidates<'a> {
    ids: BTreeMap<String, BTreeSet<&'a Question>>,
    failed: BTreeMap<&'a Question, String>,
}

/// A service that speaks OSV's API.
pub struct OsvApi {
    http: Http,
    root: Url,
}

impl OsvApi {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`] for an address that is none of a service.
    pub fn new(http: Http, address: &str) -> Result<OsvApi, AdvisoryError> {
        let wrong = |detail: &dyn std::fmt::Display| AdvisoryError::mirror("the address of the OSV service", detail);
        let mut root: Url = address.parse().map_err(|error| wrong(&error))?;
        if !matches!(root.scheme(), "http" | "https") {
            return Err(wrong(&"it has to begin with https:// or http://"));
        }
        if !root.username().is_empty() || root.password().is_some() {
            return Err(wrong(&"it may not hold a user or a password, since others can see them"));
        }
        if root.query().is_some() || root.fragment().is_some() {
            return Err(wrong(&"it may have no '?' and no '#'"));
        }
        if !root.path().ends_with('/') {
            root.set_path(&format!("{}/", root.path()));
        }
        Ok(OsvApi { http, root })
    }

    /// Asks, and makes a database of what is answered. `own` are packages that the service must not hear of; `now`
    /// (RFC 3339) is when it is asked.
    ///
    /// A part that fails leaves its packages with a [`Silence`].
    ///
    /// # Errors
    /// [`AdvisoryError::Mirror`] where nothing was answered.
    pub fn ask(
        &self,
        questions: &BTreeSet<Question>,
        own: BTreeSet<(Ecosystem, String)>,
        now: &str,
    ) -> Result<Database, AdvisoryError> {
        let covered = questions.iter().map(|q| q.ecosystem).chain(own.iter().map(|key| key.0)).collect();
        let Candidates { ids, mut failed } = self.candidates(questions)?;
        let skips = Mutex::new(Skips::default());
        let fetch = |id: String| Ok((self.record(&id, &skips), id));
        let mut advisories = Vec::new();
        for (fetched, id) in in_parallel(ids.keys().cloned().collect(), WORKERS, fetch)? {
            match fetched {
                Ok(advisory) => advisories.push(advisory),
                Err(detail) => {
                    for &question in ids.get(&id).into_iter().flatten() {
                        failed.entry(question).or_insert_with(|| format!("its advisory {id}: {detail}"));
                    }
                }
            }
        }
        let skips = skips.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let snapshot = snapshot_write::build(advisories, &covered, Feeds::default(), &skips, Use::Passing)?;
        let mut silences: BTreeMap<(Ecosystem, String), Silence> =
            failed.into_iter().map(|(question, reason)| (question.key(), Silence::Failed(reason))).collect();
        silences.extend(own.into_iter().map(|key| (key, Silence::Own)));
        Database::answered(snapshot, now, silences)
    }

    fn candidates<'a>(&self, questions: &'a BTreeSet<Question>) -> Result<Candidates<'a>, AdvisoryError> {
        let mut found = Candidates::default();
        let mut open: Vec<(&Question, String)> = Vec::new();
        for question in questions {
            match question.package() {
                Ok(_) => open.push((question, String::new())),
                Err(reason) => drop(found.failed.insert(question, reason)),
            }
        }
        let mut anything = false;
        for _ in 0..MAX_PAGES {
            let mut next = Vec::new();
            for batch in open.chunks(BATCH) {
                match self.batch(batch) {
                    Ok(answers) => {
                        anything = true;
                        for (&(question, _), answer) in batch.iter().zip(answers) {
                            for candidate in answer.vulns {
                                found.ids.entry(candidate.id).or_default().insert(question);
                            }
                            if !answer.next_page_token.is_empty() {
                                next.push((question, answer.next_page_token));
                            }
                        }
                    }
                    Err(error) if !anything => return Err(error),
                    Err(error) => found.failed.extend(batch.iter().map(|(question, _)| (*question, error.to_string()))),
                }
            }
            if found.ids.len() > MAX_CANDIDATES {
                return Err(AdvisoryError::mirror(&self.root, "it names more advisories than there can be"));
            }
            open = next;
            if open.is_empty() {
                break;
            }
        }
        found.failed.extend(open.into_iter().map(|(question, _)| (question, "its answer does not end".to_owned())));
        Ok(found)
    }

    /// One page of each of the questions, with the token that leads to it.
    fn batch(&self, batch: &[(&Question, String)]) -> Result<Vec<Answer>, AdvisoryError> {
        let url = self.address(&["v1", "querybatch"]);
        let queries = batch
            .iter()
            .filter_map(|(question, token)| {
                let page_token = Some(token.as_str()).filter(|token| !token.is_empty());
                Some(Query { package: question.package().ok()?, version: question.shared_version(), page_token })
            })
            .collect();
        let failed = |detail: &dyn std::fmt::Display| AdvisoryError::mirror(&url, detail);
        let body = serde_json::to_vec(&Batch { queries }).map_err(|error| failed(&error))?;
        let text = self.http.post(&url, &body, MAX_ANSWER)?;
        let answers: Answers =
            serde_json::from_slice(&text).map_err(|error| failed(&format_args!("no answer: {error}")))?;
        if answers.results.len() != batch.len() {
            let (given, asked) = (answers.results.len(), batch.len());
            return Err(failed(&format_args!("{given} answers to {asked} questions")));
        }
        Ok(answers.results.into_iter().map(Option::unwrap_or_default).collect())
    }

    fn record(&self, id: &str, skips: &Mutex<Skips>) -> Result<Advisory, String> {
        let raw = match self.http.get(&self.address(&["v1", "vulns", id]), MAX_RECORD, None) {
            Ok(Fetched::New(raw, _)) => raw,
            Ok(_) => return Err("the service names it and does not have it".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let mut skips = skips.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let advisory = record::decode(&raw, &mut skips).map_err(|error| error.to_string())?;
        if advisory.id == id { Ok(advisory) } else { Err("the service gives another record".to_owned()) }
    }

    fn address(&self, parts: &[&str]) -> Url {
        let mut url = self.root.clone();
        // Every http address has a path; an id with a slash stays one part of it.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(parts);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(ecosystem: Ecosystem, name: &str, version: &str) -> (Option<String>, Option<String>) {
        let question = Question { ecosystem, name: name.to_owned(), version: version.to_owned() };
        let name = question.package().ok().map(|package| package.name.into_owned());
        (name, question.shared_version().map(str::to_owned))
    }

    #[test]
    fn a_version_that_two_may_read_differently_is_not_sent() {
        for (ecosystem, version, expected) in [
            (Ecosystem::Npm, "1.2.3-rc.1", Some("1.2.3-rc.1")),
            (Ecosystem::Npm, "not a version", None),
            (Ecosystem::PyPI, "1!2.0+cu118", Some("1!2.0+cu118")),
            (Ecosystem::Go, "v1.2.3", Some("1.2.3")),
            (Ecosystem::Go, "v2.0.0+incompatible", Some("2.0.0+incompatible")),
            (Ecosystem::Go, "go1.21.5", Some("1.21.5")),
            (Ecosystem::Go, "go1.21rc2", None),
            (Ecosystem::Go, "go1.21", None),
            (Ecosystem::Go, "go1.26.5 X:boringcrypto", None),
            (Ecosystem::RubyGems, "1.16.0-x86_64-linux", None),
            (Ecosystem::RubyGems, "1.16.0.rc1", Some("1.16.0.rc1")),
        ] {
            assert_eq!(sent(ecosystem, "x", version).1.as_deref(), expected, "{version}");
        }
        assert_eq!(sent(Ecosystem::Maven, "g:a", &"1".repeat(300)).1, None);
    }

    #[test]
    fn names_are_sent_as_the_service_knows_them() {
        assert_eq!(sent(Ecosystem::PyPI, "Zope.Interface", "1").0.as_deref(), Some("zope-interface"));
        assert_eq!(sent(Ecosystem::NuGet, "Newtonsoft.Json", "1").0.as_deref(), Some("Newtonsoft.Json"));
        for name in ["", "a b", "a\nb", &"x".repeat(300)] {
            assert_eq!(sent(Ecosystem::Npm, name, "1.0.0").0, None, "{name:?}");
        }
    }
}
