//! What the script lists, as JSON of its own: not a contract, it lives and dies with the page.
//!
//! What many functions share (an advisory about one version of a package) is written once and named by number. Lists are
//! in the order of urgency over all functions. Texts are escaped for eyes here, so that a search finds what is seen.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::model::{Answer, Finding, FindingKind, GapKind, Package};
use crate::policy::{Judged, JudgedGap, Target, Verdict, Waived};
use crate::report::facts::{self, Known};
use crate::report::words::count;
use crate::report::{escape, place};

use super::gaps::Standing;
use super::text::Inert;

/// Findings in one page. Those that break the policy are all there; of the others, the worst.
const MAX_FINDINGS: usize = 50_000;
/// Gaps of one kind and target. An archive of 100,000 encrypted entries says the same thing 100,000 times.
const MAX_GAPS: usize = 200;
/// Places of one finding.
const MAX_PLACES: usize = 25;

/// The data of a page.
#[derive(Serialize)]
pub struct Data<'a> {
    targets: Vec<Cow<'a, str>>,
    issues: Vec<Box<RawValue>>,
    findings: Vec<Row<'a>>,
    gaps: Vec<GapRow<'a>>,
    /// Findings that found no place.
    #[serde(skip)]
    pub left_out: usize,
}

/// What a finding says of an advisory and a package, or of a rule: the same wherever it is found.
#[derive(Serialize)]
struct Issue<'a> {
    kind: &'static str,
    id: Cow<'a, str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<Cow<'a, str>>,
    severity: &'static str,
    title: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    package: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ecosystem: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed: Option<Vec<Cow<'a, str>>>,
    /// Score and vector.
    #[serde(skip_serializing_if = "Option::is_none")]
    cvss: Option<(f64, Cow<'a, str>)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epss: Option<f64>,
    /// The day on which it was listed, empty where that is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    kev: Option<Cow<'a, str>>,
    confidence: &'static str,
    remediation: Cow<'a, str>,
}

#[derive(Serialize)]
struct Row<'a> {
    issue: usize,
    target: usize,
    /// The fingerprint, which is the anchor as well; the same flaw may be in many targets, so `again` counts them.
    print: Cow<'a, str>,
    #[serde(skip_serializing_if = "is_zero")]
    again: usize,
    state: &'static str,
    standing: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redacted: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    asked: Option<String>,
    places: Vec<String>,
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    waived: Option<String>,
}

#[derive(Serialize)]
struct GapRow<'a> {
    target: usize,
    level: &'static str,
    kind: &'static str,
    place: String,
    detail: Cow<'a, str>,
    by: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<String>,
    /// Gaps that this row stands for, where it is more than one.
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<usize>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

impl<'a> Data<'a> {
    /// Collects what the page lists.
    pub fn of(verdict: &'a Verdict) -> io::Result<Data<'a>> {
        let targets = || verdict.targets.iter().enumerate();
        let mut findings: Vec<(usize, &Judged)> =
            targets().flat_map(|(at, target)| target.findings.iter().map(move |judged| (at, judged))).collect();
        findings.sort_by_key(|(_, judged)| urgency(judged));
        let breaking = findings.iter().filter(|(_, judged)| judged.violates).count();
        let kept = findings.len().min(MAX_FINDINGS.max(breaking));
        let left_out = findings.len() - kept;
        findings.truncate(kept);

        let known: Vec<Known<'_>> = verdict.targets.iter().map(|target| Known::of(&target.scan.packages)).collect();
        let mut issues = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut again: HashMap<&str, usize> = HashMap::new();
        let mut rows = Vec::with_capacity(kept);
        for (at, judged) in findings {
            let finding = &judged.finding;
            let issue = to_raw_value(&issue(finding, known[at].package(finding)))?;
            let number = *numbers.entry(issue.get().to_owned()).or_insert(issues.len());
            if number == issues.len() {
                issues.push(issue);
            }
            let earlier = again.entry(&finding.fingerprint).or_default();
            rows.push(row(&verdict.targets[at], at, judged, number, *earlier));
            *earlier += 1;
        }
        Ok(Data {
            targets: verdict.targets.iter().map(|target| escape(&target.scan.name)).collect(),
            issues,
            findings: rows,
            gaps: gaps(verdict),
            left_out,
        })
    }

    /// Writes it so that it can stand in a script element.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        Ok(serde_json::to_writer(Inert(out), self)?)
    }
}

/// What counts first; then malware, whose records seldom have a severity and need none; then the severity.
pub fn urgency(judged: &Judged) -> impl Ord + use<> {
    let Finding { kind, severity, exploitation, .. } = &judged.finding;
    let standing = match standing(judged) {
        "breaks" => 0,
        "below" => 1,
        "beside" => 2,
        _ => 3,
    };
    (standing, *kind != FindingKind::Malicious, Reverse(*severity), exploitation.kev.is_none())
}

/// What policy says of a finding, in one of four words.
fn standing(judged: &Judged) -> &'static str {
    match judged {
        Judged { waived: Some(_), .. } => "waived",
        Judged { violates: true, .. } => "breaks",
        Judged { finding: Finding { gates: false, .. }, .. } => "beside",
        _ => "below",
    }
}

fn issue<'a>(finding: &'a Finding, package: Option<&'a Package>) -> Issue<'a> {
    Issue {
        kind: finding.kind.word(),
        id: escape(&finding.id),
        aliases: finding.aliases.iter().map(|alias| escape(alias)).collect(),
        severity: finding.severity.word(),
        title: escape(&finding.title),
        package: match package {
            Some(package) => Some(escape(&package.name)),
            None => finding.purl.as_deref().map(escape),
        },
        version: package.and_then(|package| package.version.as_deref()).map(escape),
        ecosystem: package.map(|package| package.ecosystem.name()),
        fixed: (!finding.fixed.is_empty()).then(|| finding.fixed.iter().map(|version| escape(version)).collect()),
        cvss: finding.cvss.as_ref().map(|cvss| (cvss.score, escape(&cvss.vector))),
        epss: finding.exploitation.epss.map(|epss| epss.score),
        kev: finding.exploitation.kev.as_ref().map(|kev| escape(kev.added.as_deref().unwrap_or_default())),
        confidence: finding.confidence.word(),
        remediation: escape(&finding.remediation),
    }
}

fn row<'a>(target: &Target, at: usize, judged: &'a Judged, issue: usize, again: usize) -> Row<'a> {
    let finding = &judged.finding;
    Row {
        issue,
        target: at,
        print: escape(&finding.fingerprint),
        again,
        state: judged.state.word(),
        standing: standing(judged),
        redacted: finding.redacted.as_deref().map(escape),
        asked: finding.verification.as_ref().map(|asked| match asked.answer {
            Answer::Live => format!("{} says that it works", escape(&asked.asked)),
            Answer::Dead => format!("{} refuses it", escape(&asked.asked)),
            Answer::Unknown => format!("{}: {}", escape(&asked.asked), escape(&asked.detail)),
        }),
        places: places(target, finding),
        more: finding.locations.len().saturating_sub(MAX_PLACES),
        waived: judged.waived.as_ref().map(waived),
    }
}

fn places(target: &Target, finding: &Finding) -> Vec<String> {
    let shown = finding.locations.iter().take(MAX_PLACES);
    shown.map(|one| escape(&place::exact(one, &target.scan.artifacts)).into_owned()).collect()
}

fn waived(waived: &Waived) -> String {
    escape(&facts::waiver(waived)).into_owned()
}

/// Blocking ones of all targets, then what somebody accepts, then notes.
fn gaps(verdict: &Verdict) -> Vec<GapRow<'_>> {
    let mut kinds: BTreeMap<(Standing, usize, GapKind), Vec<&JudgedGap>> = BTreeMap::new();
    for (at, target) in verdict.targets.iter().enumerate() {
        for judged in &target.gaps {
            kinds.entry((Standing::of(judged), at, judged.gap.kind)).or_default().push(judged);
        }
    }
    let mut rows = Vec::new();
    for ((standing, at, _), gaps) in kinds {
        let artifacts = &verdict.targets[at].scan.artifacts;
        rows.extend(gaps.iter().take(MAX_GAPS).map(|judged| GapRow {
            target: at,
            level: standing.word(),
            kind: judged.gap.kind.word(),
            place: escape(&place::display(&judged.gap.location, artifacts)).into_owned(),
            detail: escape(&judged.gap.detail),
            by: escape(&judged.gap.by),
            accepted: judged.accepted.as_ref().map(waived),
            count: None,
        }));
        rows.extend(gaps.get(MAX_GAPS).map(|first| {
            GapRow {
                target: at,
                level: standing.word(),
                kind: first.gap.kind.word(),
                place: String::new(),
                detail: format!(
                    "and {} more of this kind; --format json lists all",
                    count((gaps.len() - MAX_GAPS) as u64)
                )
                .into(),
                by: escape(&first.gap.by),
                accepted: None,
                count: Some(gaps.len() - MAX_GAPS),
            }
        }));
    }
    rows
}
