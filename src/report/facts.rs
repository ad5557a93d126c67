//! What several formats of others say about a run, a finding or a gap, in the same words.

use std::collections::BTreeMap;

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use super::place;
use super::words::{list, plural};
use super::{Part, Reporter};
use crate::model::{Artifact, Finding, FindingKind, Gap, GapKind, Level, Package, PackageId, fingerprint};
use crate::policy::{JudgedGap, Verdict, Waived};

/// The program's name in formats that ask for one.
pub const TOOL: &str = env!("CARGO_PKG_NAME");
/// The program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// When a report was made. A reproducible one names the moment that its advisories were put together: many formats
/// demand a date, and that one belongs to the input.
pub fn moment(verdict: &Verdict) -> DateTime<Utc> {
    let told = verdict.run.as_ref().map_or(&verdict.database.built_at, |run| &run.started_at);
    DateTime::parse_from_rfc3339(told).map_or(DateTime::UNIX_EPOCH, |moment| moment.to_utc()).trunc_subsecs(0)
}

/// When the run ended; see [`moment`].
pub fn end(verdict: &Verdict) -> DateTime<Utc> {
    let seconds = verdict.run.as_ref().map_or(0.0, |run| run.seconds.ceil());
    moment(verdict) + TimeDelta::try_seconds(seconds as i64).unwrap_or_default()
}

/// `2026-11-01T00:00:00Z`.
pub fn rfc3339(moment: DateTime<Utc>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// An identity for a document of this format: equal verdicts get equal ones, and without `--reproducible` no two runs
/// are equal. A UUID of version 8, whose bits are the maker's own (RFC 9562, section 5.8).
pub fn document_id(format: &str, verdict: &Verdict) -> String {
    let mut parts = vec![format.to_owned(), VERSION.to_owned(), verdict.database.snapshot.clone()];
    parts.extend(verdict.run.as_ref().map(|run| format!("{} {}", run.started_at, run.seconds)));
    for target in &verdict.targets {
        parts.push(target.scan.id.clone());
        parts.extend(target.scan.artifacts.iter().filter_map(|artifact| artifact.sha256.clone()));
        parts.extend(target.scan.packages.iter().map(|package| package.id().0));
        let judged = |waived: bool| if waived { "waived" } else { "open" };
        for one in &target.findings {
            parts.push(format!("{} {}", one.finding.fingerprint, judged(one.waived.is_some())));
        }
        parts.extend(target.gaps.iter().map(|one| gap_line(&one.gap, &target.scan.artifacts)));
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    uuid(&fingerprint(&parts))
}

/// 32 hexadecimal digits as a UUID of version 8.
pub fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// The packages of a target by their ids.
pub struct Known<'a>(BTreeMap<PackageId, &'a Package>);

impl<'a> Known<'a> {
    /// Of these packages.
    pub fn of(packages: &'a [Package]) -> Known<'a> {
        Known(packages.iter().map(|package| (package.id(), package)).collect())
    }

    /// The package that a finding speaks of.
    pub fn package(&self, finding: &Finding) -> Option<&'a Package> {
        self.0.get(finding.package.as_ref()?).copied()
    }

    /// `lodash 4.17.15`, else the purl; `None` for a finding about no package.
    pub fn subject(&self, finding: &Finding) -> Option<String> {
        let named = self.package(finding).map(|package| match &package.version {
            Some(version) => format!("{} {version}", package.name),
            None => package.name.clone(),
        });
        named.or_else(|| finding.purl.clone())
    }

    /// `lodash 4.17.15: Prototype pollution`; a secret's place says enough.
    pub fn headline(&self, finding: &Finding) -> String {
        match self.subject(finding).filter(|_| finding.kind != FindingKind::Secret) {
            Some(subject) => format!("{subject}: {}", finding.title),
            None => finding.title.clone(),
        }
    }
}

/// Whether a finding speaks of a package by an advisory.
pub fn is_advisory(kind: FindingKind) -> bool {
    matches!(kind, FindingKind::Vulnerability | FindingKind::Malicious | FindingKind::Informational)
}

/// Who published an advisory, and where it can be read.
pub fn published(id: &str) -> (&'static str, String) {
    // No database has an id with anything else in it, and readers of addresses stumble over it even in an escape.
    let id_part = percent(&id.chars().filter(char::is_ascii_graphic).collect::<String>());
    match id.split('-').next() {
        Some("CVE") => ("NVD", format!("https://nvd.nist.gov/vuln/detail/{id_part}")),
        Some("GHSA") => ("GitHub Advisories", format!("https://github.com/advisories/{id_part}")),
        _ => ("OSV", format!("https://osv.dev/vulnerability/{id_part}")),
    }
}

/// The first CVE that a finding speaks of.
pub fn cve(finding: &Finding) -> Option<&str> {
    [&finding.id].into_iter().chain(&finding.aliases).map(String::as_str).find(|id| id.starts_with("CVE-"))
}

/// The version of a CVSS vector; those of version 2 do not say it.
pub fn cvss_version(vector: &str) -> &str {
    let named = vector.strip_prefix("CVSS:").and_then(|rest| rest.split('/').next());
    named.filter(|version| matches!(*version, "3.0" | "3.1" | "4.0")).unwrap_or("2.0")
}

/// Percent-encodes all but what may stand in every part of an address (RFC 3986, unreserved) and `/`.
pub fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `waivers.toml:7 (Ada, until 2027-01-01): the vendor's licence file`: who said that something does not count, and why.
pub fn waiver(waived: &Waived) -> String {
    let until = waived.expires.map(|day| format!(", until {day}")).unwrap_or_default();
    let owner = waived.owner.as_ref().map(|owner| format!(" ({owner}{until})")).unwrap_or(until);
    format!("{}{owner}: {}", waived.by, waived.reason)
}

/// Waivers that somebody should look at: `unused waiver, tidewaiter.toml:3: what it waives`.
pub fn idle_waivers(verdict: &Verdict) -> impl Iterator<Item = String> + '_ {
    let expired = verdict.waivers_expired.iter().map(|note| ("expired", note));
    let all = expired.chain(verdict.waivers_unused.iter().map(|note| ("unused", note)));
    all.map(|(word, note)| format!("{word} waiver, {}:{}: {}", note.file, note.line, note.text))
}

/// `encrypted (blocking): fn.zip!a.zip: what happened`.
pub fn gap_line(gap: &Gap, artifacts: &[Artifact]) -> String {
    let place = place::display(&gap.location, artifacts);
    format!("{} ({}): {place}: {}", gap.kind.word(), gap.level.word(), gap.detail)
}

/// The first gaps of each kind and level, in their order, and then lines that count the others: an archive of 100,000
/// encrypted entries says the same thing 100,000 times.
pub fn few_gaps(gaps: &[JudgedGap], most: usize) -> (Vec<&JudgedGap>, Vec<String>) {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    let shown = gaps.iter().filter(|judged| {
        let count = counts.entry((judged.gap.level, judged.gap.kind)).or_default();
        *count += 1;
        *count <= most
    });
    let shown = shown.collect();
    let rest = counts.into_iter().filter(|(_, count)| *count > most);
    let line = |((level, kind), count): ((Level, GapKind), usize)| {
        format!("{} ({}): and {}", kind.word(), level.word(), plural((count - most) as u64, "more gap", "more gaps"))
    };
    (shown, rest.map(line).collect())
}

/// What of a verdict a format has no place for, counted: `secret 4, integrity 1`. `None` if that is nothing.
pub fn left_out(reporter: &dyn Reporter, verdict: &Verdict) -> Option<String> {
    let mut counts: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for judged in verdict.targets.iter().flat_map(|target| &target.findings) {
        if !reporter.carries(Part::Findings(judged.finding.kind)) {
            *counts.entry(judged.finding.kind).or_default() += 1;
        }
    }
    let text = list(counts.into_iter().map(|(kind, count)| format!("{} {count}", kind.word())));
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_addresses_hold_nothing_strange() {
        assert_eq!(uuid("0123456789abcdef0123456789abcdef"), "01234567-89ab-8def-8123-456789abcdef");
        assert_eq!(published("CVE-2020-8203").1, "https://nvd.nist.gov/vuln/detail/CVE-2020-8203");
        assert_eq!(published("MAL-1 \"<\n").1, "https://osv.dev/vulnerability/MAL-1%22%3C");
    }
}
