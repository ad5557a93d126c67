//! How long a runtime still gets security patches.
//!
//! - Past its end: medium, since nobody mends what the function runs on.
//! - Past the day from which its functions cannot be updated: high, since no mended function can be deployed either.
//! - In its last [`WARN_DAYS`] days: low.

use chrono::{DateTime, NaiveDate, Utc};

use super::{Known, Table, find, tables};
use crate::model::{
    Confidence, Exploitation, Finding, FindingKind, FunctionConfig, Gap, GapKind, Location, Origin, Severity,
    fingerprint,
};

/// The id of the findings.
pub const END_OF_LIFE: &str = "runtime-end-of-life";

/// Days after which a table says that it is old.
pub const OLD_AFTER_DAYS: i64 = 365;

/// Days before the end from which on a finding tells of it: time enough for a release cycle.
const WARN_DAYS: i64 = 180;

/// Judges the function's runtime, if it is known.
pub fn judge(config: &FunctionConfig, now: DateTime<Utc>) -> (Option<Finding>, Vec<Gap>) {
    let Some(runtime) = config.runtime.as_deref().filter(|runtime| !runtime.trim().is_empty()) else {
        return (None, Vec::new());
    };
    let today = now.date_naive();
    let place = Location::artifact(0);
    let Some(known) = find(runtime) else {
        let newest = tables().iter().map(|table| table.date).max().unwrap_or_default();
        let detail = format!(
            "the runtime {runtime} is in no table of runtimes (the newest is of {newest}): whether it is still mended is not known"
        );
        return (None, vec![Gap::note(GapKind::Runtime, place, "runtime", detail)]);
    };
    let gaps = old(known.table, today).map(|detail| Gap::note(GapKind::Runtime, place, "runtime", detail));
    (finding(known, runtime, today), gaps.into_iter().collect())
}

/// What to say of a table that is old.
fn old(table: &Table, today: NaiveDate) -> Option<String> {
    let age = today.signed_duration_since(table.date).num_days();
    (age > OLD_AFTER_DAYS).then(|| {
        let Table { cloud, date, source, .. } = table;
        format!("what is known of {cloud} runtimes is {age} days old ({date}): update tidewaiter, or see {source}")
    })
}

fn finding(known: Known, runtime: &str, today: NaiveDate) -> Option<Finding> {
    let Known { table, row, .. } = known;
    let left = row.end.signed_duration_since(today).num_days();
    let frozen = row.frozen.filter(|frozen| *frozen <= today);
    let (severity, title) = match (left, frozen) {
        (_, Some(frozen)) => {
            let title = format!(
                "{runtime} gets no patches since {}, and functions on it cannot be updated since {frozen}",
                row.end
            );
            (Severity::High, title)
        }
        (..0, None) => {
            (Severity::Medium, format!("{runtime} gets no security patches since {} ({} days)", row.end, -left))
        }
        (0..=WARN_DAYS, None) => {
            (Severity::Low, format!("{runtime} gets security patches until {} ({left} days left)", row.end))
        }
        _ => return None,
    };
    let remediation = match known.successor() {
        Some(successor) => format!("move to {successor}"),
        None => "move to another runtime".to_owned(),
    };
    Some(Finding {
        kind: FindingKind::Runtime,
        id: END_OF_LIFE.to_owned(),
        aliases: Vec::new(),
        severity,
        title,
        package: None,
        purl: None,
        fixed: Vec::new(),
        locations: vec![Location::artifact(0)],
        rule: None,
        confidence: Confidence::High,
        redacted: None,
        // Neither the severity nor the days: it stays the same finding while time passes.
        fingerprint: fingerprint(&[FindingKind::Runtime.word(), END_OF_LIFE, &table.cloud, &row.id]),
        origin: Origin::Own,
        cvss: None,
        exploitation: Exploitation::default(),
        gates: true,
        allowed_inline: false,
        verification: None,
        parts: Vec::new(),
        allowed_by: None,
        remediation,
    })
}

/// What [`END_OF_LIFE`] means, as labelled lines: meaning and severity, then each table with its date and source.
pub fn explain() -> Vec<String> {
    let mut lines = vec![
        format!(
            "meaning    The vendor has ended, or ends within {WARN_DAYS} days, the security patches of the function's \
             runtime."
        ),
        "severity   low before the end, medium after it, high once functions on it can no longer be updated".to_owned(),
    ];
    lines.extend(
        tables()
            .iter()
            .map(|table| format!("source     {} runtimes as of {}: {}", table.cloud, table.date, table.source)),
    );
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(runtime: &str, date: &str) -> (Option<Finding>, Vec<Gap>) {
        let config = FunctionConfig { runtime: Some(runtime.to_owned()), ..FunctionConfig::default() };
        judge(&config, format!("{date}T12:00:00Z").parse().expect("a date"))
    }

    #[test]
    fn the_severity_grows_as_time_passes() {
        for (date, expected) in [
            ("2026-10-31", None),
            ("2026-11-01", Some((Severity::Low, "180 days left"))),
            ("2027-04-30", Some((Severity::Low, "0 days left"))),
            ("2027-05-01", Some((Severity::Medium, "since 2027-04-30 (1 days)"))),
            ("2027-07-01", Some((Severity::High, "cannot be updated since 2027-07-01"))),
        ] {
            let (finding, _) = on("nodejs22.x", date);
            assert_eq!(finding.as_ref().map(|f| f.severity), expected.map(|(severity, _)| severity), "{date}");
            if let (Some(finding), Some((_, words))) = (finding, expected) {
                assert!(finding.title.contains(words), "{}", finding.title);
                assert_eq!(finding.remediation, "move to nodejs24.x");
            }
        }
    }

    #[test]
    fn it_stays_one_finding() {
        let print = |date| on("python3.9", date).0.expect("past its end").fingerprint;
        assert_eq!(print("2026-01-01"), print("2028-01-01"));
    }

    #[test]
    fn an_old_table_and_an_unknown_runtime_are_notes() {
        assert_eq!(on("nodejs24.x", "2026-11-22").1, []);
        let (_, gaps) = on("nodejs24.x", "2027-11-22");
        assert!(gaps[0].detail.contains("398 days old (2026-10-20)"), "{}", gaps[0].detail);
        let (finding, gaps) = on("cobol74", "2026-11-22");
        assert!(finding.is_none() && gaps[0].detail.contains("cobol74 is in no table"), "{gaps:?}");
        assert_eq!(on(" ", "2026-11-22"), (None, Vec::new()));
    }
}
