//! How urgently somebody should look at a target, as one number that can be explained.
//!
//! A plain sum of few [`terms`], cut at 100, so that a reader can add it up again. It orders targets; it decides
//! nothing: the exit code comes from thresholds and gaps alone. It cannot know what the function is worth to anybody.

mod lowers;
mod terms;

use std::collections::BTreeMap;

use crate::formats::nearest::did_you_mean;
use crate::model::{Finding, Grade};

use super::{Judged, JudgedGap};

pub use lowers::Lowers;
pub(super) use lowers::lowers;
pub use terms::{TERMS, TermRule};

/// A score with the terms it is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Risk {
    /// 0 to 100: the sum of the terms, cut at 100.
    pub score: u8,
    /// Only those that add something, in the order of [`TERMS`].
    pub terms: Vec<Term>,
    /// The one thing to do that takes most of it away; `None` where nothing adds to it.
    pub lowers: Option<Lowers>,
}

/// One summand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name in [`TERMS`].
    pub name: String,
    /// From 1 to the term's weight.
    pub points: u8,
    /// The fact behind it.
    pub because: String,
}

/// The most points that each term can add, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskWeights(BTreeMap<&'static str, u8>);

impl Default for RiskWeights {
    fn default() -> RiskWeights {
        RiskWeights(TERMS.iter().map(|term| (term.name, term.weight)).collect())
    }
}

/// A weight that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightError {
    /// No term has that name.
    #[error("there is no term '{0}' of the risk score; use one of {known}{meant}", known = names().join(", "), meant = did_you_mean(.0, names()))]
    Unknown(String),
    /// Not in the score's own range.
    #[error("a weight is a number of points from 0 to 100")]
    OutOfRange,
}

impl RiskWeights {
    /// Sets the weight of a term; 0 switches it off.
    ///
    /// # Errors
    /// A name that no term has, and a weight that is not from 0 to 100.
    pub fn set(&mut self, name: &str, weight: i64) -> Result<(), WeightError> {
        let slot = self.0.iter_mut().find(|(known, _)| **known == name).map(|(_, weight)| weight);
        let slot = slot.ok_or_else(|| WeightError::Unknown(name.escape_default().to_string()))?;
        *slot = u8::try_from(weight).ok().filter(|weight| *weight <= 100).ok_or(WeightError::OutOfRange)?;
        Ok(())
    }

    /// Names and weights, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u8)> + '_ {
        self.0.iter().map(|(name, weight)| (*name, *weight))
    }

    fn of(&self, term: &TermRule) -> u8 {
        self.0.get(term.name).copied().unwrap_or(term.weight)
    }
}

fn names() -> Vec<&'static str> {
    TERMS.iter().map(|term| term.name).collect()
}

/// What the terms look at. Waived findings and those that cannot stop a build add nothing.
pub struct Facts<'a> {
    findings: Vec<&'a Finding>,
    blocking: usize,
    grade: Grade,
}

impl<'a> Facts<'a> {
    pub(super) fn new(findings: &'a [Judged], gaps: &[JudgedGap], grade: Grade) -> Facts<'a> {
        let live = findings.iter().filter(|judged| judged.waived.is_none() && judged.finding.gates);
        Facts {
            findings: live.map(|judged| &judged.finding).collect(),
            blocking: gaps.iter().filter(|judged| judged.blocks()).count(),
            grade,
        }
    }
}

/// The score of one target, without what would lower it.
pub(super) fn risk(facts: &Facts<'_>, weights: &RiskWeights) -> Risk {
    let terms: Vec<Term> = TERMS.iter().filter_map(|rule| term(rule, facts, weights)).collect();
    Risk { score: score(&terms), terms, lowers: None }
}

fn term(rule: &TermRule, facts: &Facts<'_>, weights: &RiskWeights) -> Option<Term> {
    let (share, because) = (rule.share)(facts).filter(|(share, _)| *share > 0.0)?;
    let weight = weights.of(rule);
    // What is there is worth a point, however small its share.
    let points = ((f64::from(weight) * share.min(1.0)).round() as u8).max(1).min(weight);
    (points > 0).then(|| Term { name: rule.name.to_owned(), points, because })
}

fn sum(terms: &[Term]) -> u32 {
    terms.iter().map(|term| u32::from(term.points)).sum()
}

fn score(terms: &[Term]) -> u8 {
    sum(terms).min(100) as u8
}
