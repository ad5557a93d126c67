//! All functions together: against the advisories, by policy, and compared with an earlier sweep.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::compare::{Before, Compared, compare, point, unwaived};
use super::function::blind;
use super::state::{History, State, StateError, Summary};
use super::workers::on_threads;
use super::{Survey, Surveyed, SweepError};
use crate::advisory::Database;
use crate::audit::{self, Demand};
use crate::model::{Cloud, Gap, GapKind, Location, Scan, Sweep, TargetKind};
use crate::policy::{self, Baseline, Run, Settings, Verdict};
use crate::source::Unseen;

/// Sweeps that the trend shows.
const TREND: usize = 100;

/// What functions are judged by.
pub struct Judging<'a> {
    /// The advisories.
    pub database: &'a Database,
    /// What they must be.
    pub demand: &'a Demand,
    /// What decides. A baseline in it counts beside the earlier sweep.
    pub settings: Settings,
    /// Compare with the last sweep before this moment; `None` for the last one.
    pub since: Option<DateTime<Utc>>,
    /// Where packages are matched.
    pub pool: &'a rayon::ThreadPool,
}

/// What a sweep writes down once everybody was told of it: until then, what is new stays new.
#[must_use = "the next sweep tells the same news again"]
pub struct Ending {
    number: u64,
    changed: History,
    /// Ids of the functions that were listed.
    listed: Vec<String>,
    summary: Summary,
    now: DateTime<Utc>,
}

impl Ending {
    /// From here on the sweep is what the next one is compared with.
    ///
    /// # Errors
    /// [`StateError::Store`], [`StateError::Damaged`].
    pub fn write(self, state: &State) -> Result<(), StateError> {
        state.conclude(self.number, &self.changed, &self.listed, &self.summary)?;
        // Contents that no function has used for long are forgotten.
        let mut used = Vec::new();
        for id in &self.listed {
            used.extend(state.head(id)?.map(|head| head.archives).unwrap_or_default());
        }
        state.tidy(used.iter().map(String::as_str), self.now)?;
        state.flush()
    }
}

/// Judges what a survey found. Nothing is written: that is for the [`Ending`], which a recalled survey has none of.
///
/// # Errors
/// [`SweepError::State`], [`SweepError::Outdated`].
pub fn judge(
    state: &State,
    survey: &Survey,
    judging: Judging<'_>,
    run: impl FnOnce(&[Scan]) -> Option<Run>,
) -> Result<(Verdict, Option<Ending>), SweepError> {
    let sweeps = state.sweeps()?;
    let last = sweeps.keys().next_back().copied();
    let number = survey.again.unwrap_or_else(|| last.map_or(0, |last| last + 1));
    let base = base(&sweeps, number, survey, judging.since)?;
    let before = |number: Option<u64>| -> Result<Option<Before>, StateError> {
        let Some((number, summary)) = number.and_then(|number| Some((number, sweeps.get(&number)?))) else {
            return Ok(None);
        };
        Ok(Some(Before { summary: summary.clone(), functions: state.history(number)? }))
    };
    // Most often they are the same one, which is read once.
    let other = if base == last { None } else { Some(before(last)?) };
    let base = before(base)?;
    let latest = other.as_ref().unwrap_or(&base);
    let mut settings = judging.settings;
    if let Some(base) = &base {
        let there = base.functions.iter().filter(|(_, dated)| dated.gone.is_none());
        let known =
            there.flat_map(|(id, dated)| unwaived(dated).into_iter().map(|print| (id.clone(), print.to_owned())));
        settings.baseline.get_or_insert_with(Baseline::default).extend(known);
    }
    let mut scans =
        on_threads(judging.pool.current_num_threads(), &survey.functions, |function| load(state, function))?;
    name_apart(&mut scans);
    scans = judging.pool.install(|| audit::hold_against(scans, judging.database, judging.demand));
    scans.extend(places(survey));
    let run = run(&scans);
    let info = judging.database.info().clone();
    let mut verdict = judging.pool.install(|| policy::judge(scans, info, settings, run));
    let mut listed = state.listed(&survey.scope)?;
    let same = sweeps.values().rev().find(|one| one.scope == survey.scope);
    // One that went while nobody could look is gone as soon as somebody can.
    listed.extend(same.into_iter().flat_map(|one| &one.hidden).cloned());
    let compared = compare(survey, &verdict, base.as_ref(), latest.as_ref(), &listed);
    let point = point(survey, &verdict, &compared);
    let Compared { functions, new, fixed, changed } = compared;
    let ending = survey.again.is_none().then(|| Ending {
        number,
        changed,
        listed: survey.functions.iter().map(|one| one.id.clone()).collect(),
        summary: Summary {
            at: survey.at.clone(),
            source: survey.source.clone(),
            scope: survey.scope.clone(),
            unseen: survey.unseen.iter().map(|place| (place.prefix.clone(), place.detail.clone())).collect(),
            hidden: hidden(survey, listed),
            compared_with: base.as_ref().map(|base| base.summary.at.clone()),
            point: point.clone(),
        },
        now: judging.demand.now,
    });
    let earlier = sweeps.range(..number).filter(|(_, one)| one.scope == survey.scope);
    let mut trend: Vec<_> = earlier.map(|(_, one)| one.point.clone()).chain([point]).collect();
    trend.drain(..trend.len().saturating_sub(TREND));
    verdict.sweep = Some(Sweep {
        source: survey.source.clone(),
        functions: survey.functions.len() as u64,
        downloaded: survey.downloaded,
        downloaded_bytes: survey.downloaded_bytes,
        reused: survey.reused,
        failed: survey.failed,
        rescanned: survey.rescanned.clone(),
        since: base.map(|base| base.summary.at),
        changes: functions,
        new,
        fixed,
        trend,
    });
    Ok((verdict, ending))
}

/// Those of the listed functions that the survey could not look for.
fn hidden(survey: &Survey, listed: Vec<String>) -> Vec<String> {
    let surveyed: BTreeSet<&str> = survey.functions.iter().map(|one| one.id.as_str()).collect();
    let is_hidden = |id: &str| !surveyed.contains(id) && survey.unseen.iter().any(|place| place.hides(id));
    listed.into_iter().filter(|id| is_hidden(id)).collect()
}

/// The sweep to compare with.
fn base(
    sweeps: &BTreeMap<u64, Summary>,
    number: u64,
    survey: &Survey,
    since: Option<DateTime<Utc>>,
) -> Result<Option<u64>, StateError> {
    let mut earlier = sweeps.range(..number).rev();
    if let Some(since) = since {
        for (number, summary) in earlier {
            if summary.began()? < since {
                return Ok(Some(*number));
            }
        }
        return Ok(None);
    }
    if survey.again.is_some() {
        // What it was compared with then.
        let then = sweeps.get(&number).and_then(|summary| summary.compared_with.as_deref());
        return Ok(earlier.find(|(_, one)| then == Some(one.at.as_str())).map(|(number, _)| *number));
    }
    Ok(earlier.next().map(|(number, _)| *number))
}

/// A function's scan, with everything that is known of it now.
fn load(state: &State, function: &Surveyed) -> Result<Scan, SweepError> {
    let Some((head, scan)) = state.function(&function.id)? else {
        return Err(StateError::Damaged(format!("nothing is stored of {}", function.id)).into());
    };
    let mut scan = scan.ok_or(SweepError::Outdated(head.stamp.program))?;
    let qualifier = head.config.cloud.as_ref().and_then(|cloud| cloud.qualifier.as_deref());
    scan.name = match (&head.config.name, qualifier.filter(|version| version.bytes().all(|b| b.is_ascii_digit()))) {
        (Some(name), Some(version)) => format!("{name}:{version}"),
        (Some(name), None) => name.clone(),
        (None, _) => function.id.clone(),
    };
    scan.config = head.config;
    scan.coverage.add([head.gaps, head.detail_gaps, head.trouble].concat());
    Ok(scan)
}

/// Adds accounts and regions to names that several functions have, as far as they differ in them.
fn name_apart(scans: &mut [Scan]) {
    let mut same: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, scan) in scans.iter().enumerate() {
        same.entry(scan.name.clone()).or_default().push(at);
    }
    for (name, places) in same.into_iter().filter(|(_, places)| places.len() > 1) {
        let parts: [fn(&Cloud) -> Option<&String>; 2] = [|cloud| cloud.account.as_ref(), |cloud| cloud.region.as_ref()];
        let mut names = vec![name; places.len()];
        for part in parts {
            let of = |at: &usize| scans[*at].config.cloud.as_deref().and_then(part);
            let differ = places.iter().any(|at| of(at) != of(&places[0]));
            for (name, part) in names.iter_mut().zip(places.iter().map(of)).filter(|_| differ) {
                name.extend([" ", part.map_or("", String::as_str)]);
            }
        }
        for (at, name) in places.into_iter().zip(names) {
            scans[at].name = name;
        }
    }
}

/// Places that could not be listed, each as one target, whatever hides it.
fn places(survey: &Survey) -> impl Iterator<Item = Scan> {
    let mut places: BTreeMap<&str, Vec<Gap>> = BTreeMap::new();
    for Unseen { prefix, detail } in &survey.unseen {
        let detail = format!("what is deployed there is not known: {detail}");
        let gap = Gap::blocking(GapKind::Unavailable, Location::artifact(0), "source", detail);
        places.entry(prefix).or_default().push(gap);
    }
    places.into_iter().map(|(prefix, gaps)| {
        // Where ids have nothing in common, it is the source that was not seen as a whole.
        let id = if prefix.is_empty() { &survey.source } else { prefix };
        Scan { kind: TargetKind::Place, name: id.trim_end_matches(':').to_owned(), ..blind(id, gaps) }
    })
}
