//! From an OSV record's bytes to a [`model::Advisory`](crate::model::Advisory).
//!
//! A record is read element by element. The `osv` crate's types know the schema's shapes, but they are strict: one
//! word that is newer than the crate rejects everything around it. So each element is decoded on its own, and one that
//! cannot be read is counted in [`Skips`] while its neighbours stay.
//!
//! `GIT` ranges are left out without counting: they are known, and no package version can be compared with a commit.

use ::osv::schema as osv;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::skipped::{SkipReason, Skips};
use crate::model::{Advisory, AdvisoryKind, Affected, CvssVector, Ecosystem, Event, Range, RangeKind, Severity};

/// A summary that has to be taken from the details is cut here, in characters.
const SUMMARY: usize = 200;

/// A record that is not JSON, or has no id or no date.
#[derive(Debug, thiserror::Error)]
#[error("broken record: {0}")]
pub struct BrokenRecord(#[from] serde_json::Error);

/// What a store has to know of a record: enough to file it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The record's id.
    pub id: String,
    /// RFC 3339, as the record writes it.
    pub modified: String,
}

/// Reads a record's id and date, and checks that it is JSON to its end.
///
/// # Errors
/// [`BrokenRecord`].
pub fn identify(raw: &[u8]) -> Result<Identity, BrokenRecord> {
    Ok(serde_json::from_slice(raw)?)
}

/// The record's outer shape. Everything but the identity may be broken without harm to the rest.
#[derive(Deserialize)]
struct Shell<'a> {
    id: String,
    modified: String,
    #[serde(borrow)]
    published: Option<&'a RawValue>,
    #[serde(borrow)]
    withdrawn: Option<&'a RawValue>,
    #[serde(borrow)]
    aliases: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    details: Option<&'a RawValue>,
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    #[serde(borrow)]
    affected: Option<&'a RawValue>,
    #[serde(borrow)]
    references: Option<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct AffectedShell<'a> {
    package: Package,
    #[serde(borrow)]
    versions: Option<&'a RawValue>,
    #[serde(borrow)]
    ranges: Option<&'a RawValue>,
    #[serde(borrow)]
    severity: Option<&'a RawValue>,
    #[serde(borrow)]
    ecosystem_specific: Option<&'a RawValue>,
    #[serde(borrow)]
    database_specific: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Package {
    ecosystem: String,
    name: String,
}

/// The type of an element that as a whole could not be read.
#[derive(Deserialize)]
struct Typed {
    r#type: String,
}

/// The keys of `database_specific` and `ecosystem_specific` that are used. Databases may write any shape there, so
/// what does not fit is no fault of the record.
#[derive(Default)]
struct Specific<'a> {
    severity: Option<Severity>,
    informational: Option<String>,
    custom_ranges: Option<&'a RawValue>,
}

impl<'a> Specific<'a> {
    fn read(raw: Option<&'a RawValue>) -> Specific<'a> {
        #[derive(Deserialize)]
        struct Keys<'a> {
            #[serde(borrow)]
            severity: Option<&'a RawValue>,
            #[serde(borrow)]
            informational: Option<&'a RawValue>,
            #[serde(borrow)]
            custom_ranges: Option<&'a RawValue>,
        }
        let Some(keys) = raw.and_then(|raw| serde_json::from_str::<Keys<'a>>(raw.get()).ok()) else {
            return Specific::default();
        };
        let word = |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
        Specific {
            severity: word(keys.severity).and_then(|word| Severity::from_word(&word)),
            informational: word(keys.informational).filter(|word| !word.is_empty()),
            custom_ranges: keys.custom_ranges,
        }
    }
}

/// Decodes a record. What of it cannot be understood is counted in `skips` under its id.
///
/// # Errors
/// [`BrokenRecord`] if nothing of it can be used.
pub fn decode(raw: &[u8], skips: &mut Skips) -> Result<Advisory, BrokenRecord> {
    let shell: Shell<'_> = serde_json::from_slice(raw)?;
    let mut reader = Reader { id: &shell.id, skips };
    let summary = reader.text("summary", shell.summary).map(|text| first_line(&text)).filter(|line| !line.is_empty());
    let summary = summary.or_else(|| reader.text("details", shell.details).map(|text| first_line(&text)));
    let aliases: Vec<String> = reader.list("aliases", shell.aliases);
    let mut informational = None;
    let mut affected = Vec::new();
    for element in reader.elements("affected", shell.affected) {
        if let Some((element, word)) = reader.affected(element) {
            informational = informational.or(word);
            affected.push(element);
        }
    }
    reader.references(shell.references);
    // An alias is the same thing under another name, so an alias among the malicious packages is as good as an id.
    let malicious = [&shell.id].into_iter().chain(&aliases).any(|id| id.starts_with("MAL-"));
    let kind = match informational {
        _ if malicious => AdvisoryKind::Malicious,
        Some(word) => AdvisoryKind::Informational(word),
        None => AdvisoryKind::Vulnerability,
    };
    Ok(Advisory {
        kind,
        summary: summary.unwrap_or_default(),
        published: reader.text("published", shell.published),
        withdrawn: reader.text("withdrawn", shell.withdrawn).filter(|date| !date.is_empty()),
        cvss: reader.cvss(shell.severity),
        word: Specific::read(shell.database_specific).severity,
        aliases,
        affected,
        id: shell.id,
        modified: shell.modified,
    })
}

fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(SUMMARY) {
        Some((end, _)) => format!("{}…", line[..end].trim_end()),
        None => line.to_owned(),
    }
}

/// Reads parts of one record and counts those that it cannot read.
struct Reader<'a> {
    id: &'a str,
    skips: &'a mut Skips,
}

impl Reader<'_> {
    fn skip(&mut self, reason: SkipReason) {
        self.skips.add(reason, self.id);
    }

    fn text(&mut self, field: &str, raw: Option<&RawValue>) -> Option<String> {
        let text = serde_json::from_str(raw?.get());
        if text.is_err() {
            self.skip(SkipReason::Field(field.to_owned()));
        }
        text.ok()
    }

    fn elements<'r>(&mut self, field: &str, raw: Option<&'r RawValue>) -> Vec<&'r RawValue> {
        let Some(raw) = raw else { return Vec::new() };
        serde_json::from_str(raw.get()).unwrap_or_else(|_| {
            self.skip(SkipReason::Field(field.to_owned()));
            Vec::new()
        })
    }

    fn list<T: DeserializeOwned>(&mut self, field: &str, raw: Option<&RawValue>) -> Vec<T> {
        let mut list = Vec::new();
        for element in self.elements(field, raw) {
            match serde_json::from_str(element.get()) {
                Ok(value) => list.push(value),
                Err(_) => self.skip(SkipReason::Field(field.to_owned())),
            }
        }
        list
    }

    /// One element of `affected`, with RustSec's informational word where it has one.
    fn affected(&mut self, raw: &RawValue) -> Option<(Affected, Option<String>)> {
        let Ok(shell) = serde_json::from_str::<AffectedShell<'_>>(raw.get()) else {
            self.skip(SkipReason::Affected);
            return None;
        };
        let Some(ecosystem) = Ecosystem::from_osv(&shell.package.ecosystem) else {
            self.skip(SkipReason::ecosystem(&shell.package.ecosystem));
            return None;
        };
        let own = Specific::read(shell.ecosystem_specific);
        let database = Specific::read(shell.database_specific);
        let affected = Affected {
            ecosystem,
            name: shell.package.name,
            versions: self.list::<String>("versions", shell.versions).iter().collect(),
            ranges: self.ranges(shell.ranges),
            custom_ranges: self.ranges(own.custom_ranges.filter(|_| ecosystem == Ecosystem::Go)),
            cvss: self.cvss(shell.severity),
            word: own.severity.or(database.severity),
        };
        Some((affected, database.informational))
    }

    fn ranges(&mut self, raw: Option<&RawValue>) -> Vec<Range> {
        let mut ranges = Vec::new();
        for element in self.elements("ranges", raw) {
            match serde_json::from_str::<osv::Range>(element.get()) {
                Ok(range) => ranges.extend(self.range(range)),
                Err(_) => {
                    let reason = self.reason::<osv::RangeType>(element, SkipReason::range_type, SkipReason::Range);
                    self.skip(reason);
                }
            }
        }
        ranges
    }

    fn range(&mut self, range: osv::Range) -> Option<Range> {
        let kind = match range.range_type {
            osv::RangeType::Semver => RangeKind::Semver,
            osv::RangeType::Ecosystem => RangeKind::Ecosystem,
            osv::RangeType::Git => return None,
            other => {
                self.skip(SkipReason::range_type(&format!("{other:?}")));
                return None;
            }
        };
        let event = |event| match event {
            osv::Event::Introduced(version) => Some(Event::Introduced(version)),
            osv::Event::Fixed(version) => Some(Event::Fixed(version)),
            osv::Event::LastAffected(version) => Some(Event::LastAffected(version)),
            osv::Event::Limit(version) => Some(Event::Limit(version)),
            _ => None,
        };
        // Half of a range would be another range, so an event that cannot be read takes the range with it.
        let events: Option<Vec<Event>> = range.events.into_iter().map(event).collect();
        match events {
            Some(events) => Some(Range { kind, events }),
            None => {
                self.skip(SkipReason::Range);
                None
            }
        }
    }

    fn cvss(&mut self, raw: Option<&RawValue>) -> Vec<CvssVector> {
        let mut vectors = Vec::new();
        for element in self.elements("severity", raw) {
            match serde_json::from_str::<osv::Severity>(element.get()) {
                Ok(severity) => vectors.extend(vector(severity)),
                Err(_) => {
                    let reason =
                        self.reason::<osv::SeverityType>(element, SkipReason::severity_type, SkipReason::Severity);
                    self.skip(reason);
                }
            }
        }
        vectors
    }

    /// References are not kept; their types are looked at so that `db status` can say what this program does not know.
    fn references(&mut self, raw: Option<&RawValue>) {
        for element in self.elements("references", raw) {
            if serde_json::from_str::<osv::Reference>(element.get()).is_err() {
                let broken = SkipReason::Field("references".to_owned());
                let reason = self.reason::<osv::ReferenceType>(element, SkipReason::reference_type, broken);
                self.skip(reason);
            }
        }
    }

    /// Why an element could not be read: its type is none that `T` knows, or it is broken otherwise.
    fn reason<T: DeserializeOwned>(
        &self,
        element: &RawValue,
        unknown: fn(&str) -> SkipReason,
        broken: SkipReason,
    ) -> SkipReason {
        match serde_json::from_str::<Typed>(element.get()) {
            Ok(typed) if serde_json::from_value::<T>(typed.r#type.clone().into()).is_err() => unknown(&typed.r#type),
            _ => broken,
        }
    }
}

/// `None` for scales that are no CVSS.
fn vector(severity: osv::Severity) -> Option<CvssVector> {
    let kind = match severity.severity_type {
        osv::SeverityType::CVSSv2 => "CVSS_V2",
        osv::SeverityType::CVSSv3 => "CVSS_V3",
        osv::SeverityType::CVSSv4 => "CVSS_V4",
        _ => return None,
    };
    Some(CvssVector { kind: kind.to_owned(), vector: severity.score })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
