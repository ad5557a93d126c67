//! Reads CISA's catalog of known exploited vulnerabilities
//! (<https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities_schema.json>).

use std::collections::BTreeMap;
use std::collections::btree_map;

use chrono::{DateTime, SecondsFormat};
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::cve::Cve;
use super::cve_table::{Day, Entry};
use super::skipped::{FeedFault, SkipReason, Skips};
use crate::model::Feed;

/// What is read of the catalog; its elements one by one, so that a broken one costs no other.
#[derive(Deserialize)]
struct Catalog<'a> {
    #[serde(rename = "dateReleased")]
    released: Option<Value>,
    count: Option<Value>,
    #[serde(borrow)]
    vulnerabilities: Vec<&'a RawValue>,
}

/// The entries, and the catalog's date (RFC 3339) where it can be read. An error says why it is no catalog, or not all
/// of one; an element that cannot be read is counted.
pub(super) fn parse(raw: &[u8], skips: &mut Skips) -> Result<(BTreeMap<Cve, Entry>, Option<String>), String> {
    let catalog: Catalog<'_> = serde_json::from_slice(raw).map_err(|error| format!("no KEV catalog: {error}"))?;
    let found = catalog.vulnerabilities.len();
    if let Some(count) = catalog.count.filter(|count| count.as_u64() != Some(found as u64)) {
        let count: String = count.to_string().chars().take(20).collect();
        return Err(format!("not the whole KEV catalog: it speaks of {count} entries, and {found} are there"));
    }
    let mut skip = |fault, id: &str| skips.add_quoted(SkipReason::Feed(Feed::Kev, fault), id);
    let mut entries = BTreeMap::new();
    for element in catalog.vulnerabilities {
        let Ok(element) = serde_json::from_str::<Value>(element.get()) else {
            skip(FeedFault::Shape, "");
            continue;
        };
        let text = |key: &str| element.get(key).and_then(Value::as_str);
        let id = text("cveID").unwrap_or_default();
        let Some(cve) = Cve::parse(id) else {
            skip(FeedFault::Id, id);
            continue;
        };
        // That it is exploited counts, whatever its dates are.
        let mut day = |key| {
            let day = text(key).and_then(Day::parse);
            if day.is_none() && element.get(key).is_some_and(|value| *value != Value::String(String::new())) {
                skip(FeedFault::Date, id);
            }
            day
        };
        let (added, due) = (day("dateAdded"), day("dueDate"));
        let ransomware = text("knownRansomwareCampaignUse") == Some("Known");
        let entry = Entry { added, due, ransomware };
        match entries.entry(cve) {
            btree_map::Entry::Vacant(place) => drop(place.insert(entry)),
            btree_map::Entry::Occupied(mut place) => {
                place.insert(entry.max(*place.get()));
                skip(FeedFault::Twice, id);
            }
        }
    }
    if entries.is_empty() {
        return Err("no KEV catalog: it names no CVE".to_owned());
    }
    let released = catalog.released.as_ref().map(|value| value.as_str().and_then(read_date));
    if released == Some(None) {
        skip(FeedFault::Date, "dateReleased");
    }
    Ok((entries, released.flatten()))
}

fn read_date(text: &str) -> Option<String> {
    let date = DateTime::parse_from_rfc3339(text).ok()?;
    Some(date.to_utc().to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Entries = Result<Vec<(String, Entry)>, String>;

    /// The entries, their date and what was skipped.
    fn read(catalog: &Value) -> (Entries, Option<String>, Vec<String>) {
        let mut skips = Skips::default();
        let parsed = parse(catalog.to_string().as_bytes(), &mut skips);
        let faults =
            skips.list().iter().map(|one| format!("{} {} {:?}", one.count, one.reason, one.examples)).collect();
        match parsed {
            Ok((all, date)) => (Ok(all.iter().map(|(cve, entry)| (cve.to_string(), *entry)).collect()), date, faults),
            Err(error) => (Err(error), None, faults),
        }
    }

    #[test]
    fn an_entry_counts_whatever_else_is_broken() {
        let (entries, date, faults) = read(&json!({
            "catalogVersion": "2026.11.20", "dateReleased": "2026-11-20T18:00:05.1234Z", "count": 6,
            "vulnerabilities": [
                {"cveID": "CVE-2021-44228", "dateAdded": "2021-12-10", "dueDate": "2021-12-24",
                 "knownRansomwareCampaignUse": "Known"},
                {"cveID": "CVE-2024-0001", "dateAdded": "yesterday", "dueDate": 7, "knownRansomwareCampaignUse": "Unknown"},
                {"cveID": "CVE-2024-0002", "dateAdded": "2024-02-01", "dueDate": ""},
                {"cveID": "CVE-2024-0002", "dateAdded": "2024-01-01"},
                {"cveID": 12}, "text",
            ]
        }));
        let entry =
            |added: &str, due: &str, ransomware| Entry { added: Day::parse(added), due: Day::parse(due), ransomware };
        let expected = [
            ("CVE-2021-44228", entry("2021-12-10", "2021-12-24", true)),
            ("CVE-2024-0001", entry("", "", false)),
            ("CVE-2024-0002", entry("2024-02-01", "", false)),
        ];
        assert_eq!(entries.unwrap(), expected.map(|(id, entry)| (id.to_owned(), entry)));
        assert_eq!(date.as_deref(), Some("2026-11-20T18:00:05Z"));
        assert_eq!(
            faults,
            [
                "2 KEV: not the id of a CVE [\"\"]",
                "2 KEV: date that cannot be read [\"CVE-2024-0001\"]",
                "1 KEV: named twice [\"CVE-2024-0002\"]",
            ]
        );
    }

    #[test]
    fn another_document_is_refused_as_such() {
        let one = json!({"cveID": "CVE-2024-0001"});
        for (catalog, word) in [
            (json!([]), "no KEV catalog"),
            (json!({"count": 0, "vulnerabilities": []}), "names no CVE"),
            (json!({"vulnerabilities": [1, 2]}), "names no CVE"),
            (json!({"count": 2, "vulnerabilities": [one]}), "2 entries, and 1"),
            (json!({"count": "x".repeat(1000), "vulnerabilities": [one]}), "entries, and 1"),
            (json!({"count": 1e300, "vulnerabilities": [one]}), "entries, and 1"),
        ] {
            let error = read(&catalog).0.unwrap_err();
            assert!(error.contains(word) && error.len() < 200, "{error}");
        }
        let deep = format!("{{\"vulnerabilities\": [{}]}}", "[".repeat(1 << 20));
        assert!(parse(deep.as_bytes(), &mut Skips::default()).is_err());
        assert_eq!(read(&json!({"vulnerabilities": [one]})).1, None);
        assert_eq!(read(&json!({"dateReleased": 1, "vulnerabilities": [one]})).2.len(), 1);
    }
}
