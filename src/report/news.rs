//! What a sweep brought, joined with the functions it speaks of: every format names the same things in the same order.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::place;
use super::words::{bytes, count, list, plural};
use crate::model::{Change, FindingKind, Grade, PackageId, Severity, Sweep};
use crate::policy::{Judged, Target, Verdict};

/// A sweep with its verdict.
pub struct News<'a> {
    /// What changed.
    pub sweep: &'a Sweep,
    /// Findings that came, the most urgent first.
    pub new: Vec<Item<'a>>,
    /// Findings that went, the worst first.
    pub fixed: Vec<Item<'a>>,
    /// Functions, by their places in the verdict.
    places: HashMap<&'a str, usize>,
    verdict: &'a Verdict,
}

/// A finding that came or went.
pub struct Item<'a> {
    /// What is said of it.
    pub change: &'a Change,
    /// Its function's place in the verdict, if it is still there.
    pub at: Option<usize>,
    /// Its function, for people.
    pub name: &'a str,
    /// What policy says of it; nothing of what went.
    pub judged: Option<&'a Judged>,
}

impl Item<'_> {
    /// Whether it breaks the policy.
    pub fn violates(&self) -> bool {
        self.judged.is_some_and(|judged| judged.violates)
    }

    /// The package that it speaks of, in the words of its ecosystem.
    pub fn subject(&self) -> Option<String> {
        self.change.purl.as_ref().map(|purl| place::package(&PackageId(purl.clone())))
    }

    /// How bad it is, in a word: malware needs no severity.
    pub fn word(&self) -> &'static str {
        match self.change.kind {
            FindingKind::Malicious => "malware",
            _ => self.change.severity.word(),
        }
    }

    /// The severity that the word stands for.
    pub fn severity(&self) -> Severity {
        if self.change.kind == FindingKind::Malicious { Severity::Critical } else { self.change.severity }
    }

    /// Somebody uses the flaw.
    pub fn is_exploited(&self) -> bool {
        self.judged.is_some_and(|judged| judged.finding.exploitation.kev.is_some())
    }
}

impl<'a> News<'a> {
    /// Of a sweep; `None` of anything else.
    pub fn of(verdict: &'a Verdict) -> Option<News<'a>> {
        let sweep = verdict.sweep.as_ref()?;
        let places: HashMap<&str, usize> =
            verdict.targets.iter().enumerate().map(|(at, target)| (target.scan.id.as_str(), at)).collect();
        let mut findings: HashMap<(usize, &str), &Judged> = HashMap::new();
        let changed: HashSet<&str> = sweep.new.iter().map(|change| change.target.as_str()).collect();
        for (at, target) in verdict.targets.iter().enumerate() {
            if changed.contains(target.scan.id.as_str()) {
                findings.extend(target.findings.iter().map(|one| ((at, one.finding.fingerprint.as_str()), one)));
            }
        }
        let item = |change: &'a Change, judged: bool| {
            let at = places.get(change.target.as_str()).copied();
            let name = at.map_or(change.target.as_str(), |at| &verdict.targets[at].scan.name);
            let judged = at.filter(|_| judged).and_then(|at| findings.get(&(at, change.fingerprint.as_str())).copied());
            Item { change, at, name, judged }
        };
        let mut new: Vec<Item<'_>> = sweep.new.iter().map(|change| item(change, true)).collect();
        // Stable: what is equally urgent stays in the sweep's order, the riskiest function first.
        new.sort_by_key(|one| {
            let risk = one.at.map(|at| verdict.targets[at].risk.score);
            (!one.violates(), one.word() != "malware", Reverse(one.severity()), !one.is_exploited(), Reverse(risk))
        });
        let mut fixed: Vec<Item<'_>> = sweep.fixed.iter().map(|change| item(change, false)).collect();
        fixed.sort_by_key(|one| Reverse(one.severity()));
        Some(News { sweep, new, fixed, places, verdict })
    }

    /// A function's place in the verdict.
    pub fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// A function's name for people; its id where it is no longer there.
    pub fn name(&self, id: &'a str) -> &'a str {
        self.place(id).map_or(id, |at| &self.verdict.targets[at].scan.name)
    }

    /// Whether a function is `new` or `changed`.
    pub fn standing(&self, id: &str) -> Option<&'static str> {
        // In the first sweep everything is new.
        self.sweep.since.as_ref()?;
        let functions = &self.sweep.changes;
        let is_in = |ids: &[String]| ids.binary_search_by(|one| one.as_str().cmp(id)).is_ok();
        [("new", &functions.new), ("changed", &functions.changed)]
            .into_iter()
            .find(|(_, ids)| is_in(ids))
            .map(|(word, _)| word)
    }

    /// Functions of which too little was seen, those without any bytes first.
    pub fn unseen(&self) -> Vec<(usize, &'a Target)> {
        let all = self.verdict.targets.iter().enumerate();
        let mut unseen: Vec<_> =
            all.filter(|(_, one)| one.incomplete || one.scan.coverage.grade == Grade::Blind).collect();
        unseen.sort_by_key(|(_, target)| target.scan.coverage.grade);
        unseen
    }

    /// `Since the sweep of 2026-11-21T03:00:00Z`.
    pub fn title(&self) -> String {
        match &self.sweep.since {
            Some(since) => format!("Since the sweep of {since}"),
            // `--since` may ask for more than the state remembers.
            None if self.sweep.trend.len() > 1 => "Everything: no earlier sweep to compare with".to_owned(),
            None => "The first sweep".to_owned(),
        }
    }

    /// `300 functions of aws eu-west-1: 5 archives fetched (18.2 MB), 295 functions reused`.
    pub fn work(&self) -> String {
        let sweep = self.sweep;
        let archives = plural(sweep.downloaded, "archive", "archives");
        let mut facts = vec![
            format!("{archives} fetched ({})", bytes(sweep.downloaded_bytes)),
            format!("{} reused", plural(sweep.reused, "function", "functions")),
        ];
        if sweep.failed > 0 {
            facts.push(format!("something of {} could not be had", count(sweep.failed)));
        }
        let functions = plural(sweep.functions, "function", "functions");
        let rescanned = sweep.rescanned.as_ref().map(|why| format!("; all read again: {why}")).unwrap_or_default();
        format!("{functions} of {}: {}{rescanned}", sweep.source, list(facts))
    }

    /// `3 new findings (1 critical, 2 high), 2 fixed; functions: 1 new, 4 changed, 0 gone`.
    pub fn counts(&self) -> String {
        let by_severity = list(Severity::WORST_FIRST.into_iter().filter_map(|severity| {
            let n = self.new.iter().filter(|one| one.severity() == severity).count() as u64;
            (n > 0).then(|| format!("{} {}", count(n), severity.word()))
        }));
        let of = if by_severity.is_empty() { String::new() } else { format!(" ({by_severity})") };
        let functions = &self.sweep.changes;
        format!(
            "{}{of}, {} fixed; functions: {} new, {} changed, {} gone",
            plural(self.new.len() as u64, "new finding", "new findings"),
            count(self.fixed.len() as u64),
            count(functions.new.len() as u64),
            count(functions.changed.len() as u64),
            count(functions.gone.len() as u64),
        )
    }
}
