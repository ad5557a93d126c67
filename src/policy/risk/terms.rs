//! The terms: one line each in [`TERMS`]. A term gives the share of its weight that the facts deserve, and says why.

use std::cmp::Ordering;

use crate::model::{Answer, Confidence, Finding, FindingKind, Grade, Origin, Severity};

use super::Facts;

/// The share of the weight, 0 to 1, and the fact behind it; `None` where there is nothing to say.
type Share = fn(&Facts<'_>) -> Option<(f64, String)>;

/// A rule that gives points.
pub struct TermRule {
    /// Its name in reports, and in the policy's `[risk]`.
    pub name: &'static str,
    /// The most points that it gives, where the policy says nothing else.
    pub weight: u8,
    /// What it gives points for.
    pub meaning: &'static str,
    pub(super) share: Share,
}

const fn term(name: &'static str, weight: u8, meaning: &'static str, share: Share) -> TermRule {
    TermRule { name, weight, meaning, share }
}

/// Every term. The weights of those that alone call for somebody at once are 40 and more.
pub const TERMS: &[TermRule] = &[
    term("malicious", 80, "a malicious package: it runs with the function's rights", malicious),
    term("vulnerability", 50, "the worst vulnerability, by CVSS score, else by severity", vulnerability),
    term("known-exploited", 20, "a vulnerability that attackers are known to use (KEV)", exploited),
    term("likely-exploited", 10, "the most likely exploitation within 30 days (EPSS)", exploitable),
    term("more-vulnerabilities", 10, "further vulnerabilities at or above high, of which ten count", more),
    term("secrets", 40, "the surest secret: less in a dependency's files, nothing once it is refused", secrets),
    term("tampering", 30, "the worst difference between a package and its own list of files", tampering),
    term("coverage", 30, "nothing could be seen, or a gap blocks the verdict", coverage),
    term("runtime", 15, "a runtime near or past the end of its security patches", runtime),
];

fn of<'a>(facts: &Facts<'a>, kind: FindingKind) -> impl Iterator<Item = &'a Finding> {
    facts.findings.iter().copied().filter(move |finding| finding.kind == kind)
}

/// The finding with the greatest share; the first of equals, which is the worst in the verdict's order.
fn greatest(findings: impl Iterator<Item = (f64, String)>) -> Option<(f64, String)> {
    findings.fold(None, |best, next| match &best {
        Some((share, _)) if next.0.total_cmp(share) != Ordering::Greater => best,
        _ => Some(next),
    })
}

fn malicious(facts: &Facts<'_>) -> Option<(f64, String)> {
    let count = of(facts, FindingKind::Malicious).count();
    (count > 0).then(|| (1.0, format!("malicious packages: {count}")))
}

/// The middle of each grade of CVSS. `Unknown` weighs more than low: it may be anything.
fn by_severity(severity: Severity) -> f64 {
    match severity {
        Severity::Critical => 0.95,
        Severity::High => 0.8,
        Severity::Medium => 0.55,
        Severity::Unknown => 0.4,
        Severity::Low => 0.2,
    }
}

fn vulnerability(facts: &Facts<'_>) -> Option<(f64, String)> {
    greatest(of(facts, FindingKind::Vulnerability).map(|finding| match &finding.cvss {
        Some(cvss) => (cvss.score / 10.0, format!("{} has CVSS {:.1}", finding.id, cvss.score)),
        None => (by_severity(finding.severity), format!("{} is {}", finding.id, finding.severity)),
    }))
}

fn exploited(facts: &Facts<'_>) -> Option<(f64, String)> {
    let mut known = of(facts, FindingKind::Vulnerability).filter(|finding| finding.exploitation.kev.is_some());
    let first = known.next()?;
    Some((
        1.0,
        match known.count() {
            0 => format!("{} is known to be exploited", first.id),
            more => format!("{} and {more} more are known to be exploited", first.id),
        },
    ))
}

fn exploitable(facts: &Facts<'_>) -> Option<(f64, String)> {
    greatest(of(facts, FindingKind::Vulnerability).filter_map(|finding| {
        let score = finding.exploitation.epss?.score;
        Some((score, format!("{} has EPSS {:.1} %", finding.id, score * 100.0)))
    }))
}

fn more(facts: &Facts<'_>) -> Option<(f64, String)> {
    let severe = of(facts, FindingKind::Vulnerability).filter(|finding| finding.severity >= Severity::High).count();
    let more = severe.saturating_sub(1);
    (more > 0).then(|| (more as f64 / 10.0, format!("further vulnerabilities at or above high: {more}")))
}

fn secrets(facts: &Facts<'_>) -> Option<(f64, String)> {
    greatest(of(facts, FindingKind::Secret).map(|finding| {
        let sure: f64 = match finding.confidence {
            Confidence::High => 1.0,
            Confidence::Medium => 0.5,
            Confidence::Low => 0.125,
        };
        let (whose, theirs) = match finding.origin {
            Origin::Own => ("own code", 1.0),
            Origin::Environment => ("the environment", 1.0),
            Origin::Dependency => ("a dependency", 0.5),
        };
        let place = format!("{} in {whose}", finding.id);
        match finding.verification.as_ref().map(|verification| verification.answer) {
            Some(Answer::Live) => (1.0, format!("{place} works")),
            Some(Answer::Dead) => (0.0, format!("{place} is refused")),
            Some(Answer::Unknown) | None => {
                (sure * theirs, format!("{place}, confidence {}", finding.confidence.word()))
            }
        }
    }))
}

fn tampering(facts: &Facts<'_>) -> Option<(f64, String)> {
    greatest(
        of(facts, FindingKind::Integrity)
            .map(|finding| (by_severity(finding.severity), format!("{} is {}", finding.id, finding.severity))),
    )
}

fn coverage(facts: &Facts<'_>) -> Option<(f64, String)> {
    match facts.grade {
        Grade::Blind => Some((1.0, "nothing could be seen or attributed".to_owned())),
        _ if facts.blocking > 0 => Some((1.0 / 3.0, format!("blocking gaps: {}", facts.blocking))),
        _ => None,
    }
}

fn runtime(facts: &Facts<'_>) -> Option<(f64, String)> {
    greatest(of(facts, FindingKind::Runtime).map(|finding| {
        let share = match finding.severity {
            Severity::Critical | Severity::High => 1.0,
            Severity::Medium | Severity::Unknown => 0.7,
            Severity::Low => 0.2,
        };
        (share, finding.title.clone())
    }))
}
