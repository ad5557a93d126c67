//! How urgently somebody should look at a target, as one number that can be explained.
//!
//! A plain sum of few terms, cut at 100, so that a reader can add it up again. It orders targets; it decides nothing:
//! the exit code comes from severities and gaps alone.

use crate::model::{Confidence, FindingKind, Grade, Level, Severity};

use super::{Judged, JudgedGap};

/// A score with the terms it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    /// 0 to 100: the sum of the terms, cut at 100.
    pub score: u8,
    /// Only those that add something, in a fixed order.
    pub terms: Vec<Term>,
}

/// One summand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name.
    pub name: &'static str,
    /// 1 to 80.
    pub points: u8,
    /// The fact behind it.
    pub because: String,
}

/// Malware runs with the function's rights: nothing else is as urgent.
const MALICIOUS: u8 = 80;
/// What attackers are known to use waits for nobody.
const EXPLOITED: u8 = 15;
/// One point per further finding of severity high or critical; more of them is worse, but never as bad as worse ones.
const MORE_CAP: usize = 10;

/// The score of one target. Waived findings and those that cannot stop a build add nothing.
pub fn risk(findings: &[Judged], gaps: &[JudgedGap], grade: Grade) -> Risk {
    let live = || findings.iter().filter(|judged| judged.waived.is_none() && judged.finding.gates);
    let mut terms = Vec::new();
    let mut add = |name, points, because: String| {
        if points > 0 {
            terms.push(Term { name, points, because });
        }
    };

    let malicious = live().filter(|judged| judged.finding.kind == FindingKind::Malicious).count();
    add("malicious", if malicious > 0 { MALICIOUS } else { 0 }, format!("malicious packages: {malicious}"));

    let flaws = || {
        live().map(|judged| &judged.finding).filter(|f| !matches!(f.kind, FindingKind::Malicious | FindingKind::Secret))
    };
    // `Unknown` weighs more than low here: it may be anything, and the enum's order puts it last.
    let worst = flaws().map(|finding| (flaw_points(finding.severity), finding)).max_by_key(|(points, _)| *points);
    if let Some((points, finding)) = worst {
        add("worst finding", points, format!("{} is {}", finding.id, finding.severity));
        let more = flaws().filter(|f| f.severity >= Severity::High).count().saturating_sub(1).min(MORE_CAP);
        add(
            "more findings",
            more as u8,
            format!("further findings at or above high: {more} (at most {MORE_CAP} count)"),
        );
    }

    let exploited: Vec<_> = flaws().filter(|finding| finding.exploitation.kev.is_some()).collect();
    if let Some(first) = exploited.first() {
        let because = match exploited.len() {
            1 => format!("{} is known to be exploited", first.id),
            more => format!("{} and {} more are known to be exploited", first.id, more - 1),
        };
        add("known exploited", EXPLOITED, because);
    }

    let secret = live().map(|judged| &judged.finding).filter(|f| f.kind == FindingKind::Secret);
    if let Some(finding) = secret.max_by_key(|finding| finding.confidence) {
        let points = match finding.confidence {
            Confidence::High => 40,
            Confidence::Medium => 20,
            Confidence::Low => 5,
        };
        add("secrets", points, format!("the surest secret has confidence {}", finding.confidence.word()));
    }

    let blocking = gaps.iter().filter(|judged| judged.gap.level == Level::Blocking).count();
    let (points, because) = match grade {
        Grade::Blind => (30, "nothing could be seen or attributed".to_owned()),
        _ if blocking > 0 => (10, format!("blocking gaps: {blocking}")),
        _ => (0, String::new()),
    };
    add("coverage", points, because);

    let score = terms.iter().map(|term| u32::from(term.points)).sum::<u32>().min(100) as u8;
    Risk { score, terms }
}

/// Points of the worst flaw, which leave room for the other terms below 100.
fn flaw_points(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 50,
        Severity::High => 30,
        Severity::Medium => 15,
        Severity::Unknown => 10,
        Severity::Low => 5,
    }
}
