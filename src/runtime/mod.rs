//! Floor 2: what is known of the runtimes that functions run on: until when their vendor mends them, and which packages
//! they bring along.
//!
//! The facts are tables with a date and a source, one file for each cloud. They age: a table older than
//! [`OLD_AFTER_DAYS`] says so in every scan that asks it, and a runtime that no table knows is a note, not silence.

mod lifetime;
mod supplied;

pub use lifetime::{END_OF_LIFE, OLD_AFTER_DAYS, explain, judge};
pub use supplied::{Supplied, supplied};

use std::sync::OnceLock;

use chrono::NaiveDate;
use serde::Deserialize;

/// The tables, as they stand in this folder.
const TABLES: [&str; 3] =
    [include_str!("tables/lambda.toml"), include_str!("tables/azure.toml"), include_str!("tables/google.toml")];

/// The runtimes of one cloud.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Whose they are, for people.
    cloud: String,
    /// The vendor's page.
    source: String,
    /// The day on which the page said so.
    date: NaiveDate,
    #[serde(rename = "family")]
    families: Vec<Family>,
}

/// The runtimes of one language.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    /// What to move to from any of them; the newest one where it is not said.
    successor: Option<String>,
    /// Newest first.
    runtimes: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The identifier, in lower case.
    id: String,
    /// The last day on which the vendor mends it.
    end: NaiveDate,
    /// The day from which functions that use it can no longer be updated, where the vendor names one.
    frozen: Option<NaiveDate>,
}

/// A runtime with the table that knows it.
#[derive(Clone, Copy, Debug)]
struct Known {
    table: &'static Table,
    family: &'static Family,
    row: &'static Row,
}

impl Known {
    /// What to move to, unless it is the newest of its family.
    fn successor(&self) -> Option<&'static str> {
        let newest = self.family.runtimes.first().map(|row| row.id.as_str());
        self.family.successor.as_deref().or(newest).filter(|id| *id != self.row.id)
    }
}

fn tables() -> &'static [Table] {
    static PARSED: OnceLock<Vec<Table>> = OnceLock::new();
    PARSED.get_or_init(|| {
        TABLES.iter().map(|text| toml::from_str(text).expect("the tables are part of the program")).collect()
    })
}

/// Finds a runtime by its identifier. Where two clouds share one (`java21`), Lambda's table comes first.
fn find(runtime: &str) -> Option<Known> {
    let runtime = runtime.trim().to_ascii_lowercase();
    tables().iter().find_map(|table| {
        table.families.iter().find_map(|family| {
            let row = family.runtimes.iter().find(|row| row.id == runtime)?;
            Some(Known { table, family, row })
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_has_a_source_and_rows_in_order() {
        for table in tables() {
            assert!(table.source.starts_with("https://") && !table.cloud.is_empty());
            let mut seen = BTreeSet::new();
            for family in &table.families {
                assert!(family.runtimes.is_sorted_by(|newer, older| newer.end >= older.end), "{:?}", family.runtimes);
                for row in &family.runtimes {
                    assert!(seen.insert(&row.id), "{} stands twice", row.id);
                    assert_eq!(row.id, row.id.to_ascii_lowercase());
                    assert!(row.frozen.is_none_or(|frozen| frozen >= row.end), "{}", row.id);
                }
            }
        }
    }

    #[test]
    fn identifiers_are_found_in_any_case() {
        for (id, cloud) in [("nodejs20.x", "Lambda"), ("PYTHON|3.11", "Azure"), ("python311", "Google")] {
            assert!(find(id).expect(id).table.cloud.contains(cloud), "{id}");
        }
        assert!(find("cobol74").is_none());
    }

    #[test]
    fn successors_are_still_mended_when_their_table_is_written() {
        for table in tables() {
            for family in &table.families {
                for row in &family.runtimes {
                    let known = Known { table, family, row };
                    let Some(successor) = known.successor() else { continue };
                    let next = find(successor).expect("a successor is a runtime of the tables");
                    assert!(next.row.end > table.date, "{} -> {successor}", row.id);
                }
            }
        }
    }
}
