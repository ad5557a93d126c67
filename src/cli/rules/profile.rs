//! `tidewaiter rules check --profile`: what each rule costs.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::super::output;
use super::rules;
use crate::artifact::{Limits, Piece};
use crate::audit::{self, Input, Options, Progress, Request};
use crate::extract::LockedVersions;
use crate::model::{FunctionConfig, Location};
use crate::report::escape;
use crate::secret::{Cost, Engine, Rule, rules_with_examples};

/// How often the sample is searched: once would measure the compiling of patterns.
const ROUNDS: usize = 50;

/// Searches the target, or the rules' own examples, and writes what each rule cost.
pub(super) fn run(engine: Engine, target: Option<&Path>) -> Result<()> {
    let begun = Instant::now();
    let bytes = match target {
        Some(path) => search(&engine, path)?,
        None => sample(&engine),
    };
    let elapsed = begun.elapsed();
    let mut costs: Vec<(&Rule, Cost)> = engine.rules().iter().zip(engine.costs()).collect();
    costs.sort_by(|a, b| (b.1.time, b.1.covered, &a.0.id).cmp(&(a.1.time, a.1.covered, &b.0.id)));
    let quiet = costs.iter().filter(|(_, cost)| cost.hits == 0 && cost.covered == 0).count();
    let spent: Duration = costs.iter().map(|(_, cost)| cost.time).sum();
    output::print(|out| {
        let name = target.map_or_else(
            || "the rules' own examples".to_owned(),
            |path| escape(&path.display().to_string()).into_owned(),
        );
        writeln!(out, "{name}: {bytes} bytes in {} ms, of which the rules took {} ms", ms(elapsed), ms(spent))?;
        writeln!(out, "{:>10}  {:>9}  {:>12}  {:>7}  rule", "ms", "hits", "bytes", "matches")?;
        for (rule, cost) in costs.iter().filter(|(_, cost)| cost.hits > 0 || cost.covered > 0) {
            let Cost { hits, covered, found, time } = cost;
            writeln!(out, "{:>10}  {hits:>9}  {covered:>12}  {found:>7}  {}", ms(*time), escape(&rule.id))?;
        }
        writeln!(out, "{} cost nothing: none of their keywords occurs", rules(quiet))
    })
}

fn ms(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64() * 1000.0)
}

/// The whole audit, with nobody waiting for its result.
fn search(engine: &Engine, path: &Path) -> Result<u64> {
    let progress = Progress::default();
    let own = globset::GlobSet::empty();
    let options =
        Options { limits: Limits::default(), engine, own, allow: &|_| None, verifier: None, progress: &progress };
    let request = Request {
        code: Input::Path(path.to_owned()),
        layers: Vec::new(),
        environment: None,
        config: FunctionConfig::default(),
        locked: LockedVersions::default(),
    };
    Ok(audit::audit(request, &options)?.coverage.tally.bytes)
}

fn sample(engine: &Engine) -> u64 {
    // The engine holds examples of the brought rules only.
    let builtin = rules_with_examples();
    let texts = engine.rules().iter().chain(&builtin).flat_map(|rule| rule.examples.iter().chain(&rule.non_examples));
    let sample: String = texts.flat_map(|text| [text, "\n"]).collect();
    for _ in 0..ROUNDS {
        engine.scan(&Location::artifact(0), Piece::whole(sample.as_bytes()), &mut Vec::new());
    }
    (sample.len() * ROUNDS) as u64
}
