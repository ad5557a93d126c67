//! What came and went between two results, as JSON. Findings and gaps are the same objects as in a result.

use std::io::{self, Write};

use serde::Serialize;

use crate::policy::{Diff, Judged, JudgedGap, PackageDiff, Target, TargetDiff};

use super::build::{finding, gap};
use super::{FindingV1, GapV1, Tool};
use crate::report::json_text;

#[derive(Serialize)]
struct DiffV1<'a> {
    schema_version: u32,
    tool: Tool,
    targets: Vec<TargetDiffV1<'a>>,
    summary: DiffSummaryV1,
}

#[derive(Serialize)]
struct TargetDiffV1<'a> {
    id: &'a str,
    name: &'a str,
    /// Null on the side where the target is not there.
    risk: Sides<u8>,
    coverage: Sides<&'static str>,
    findings: FindingsV1<'a>,
    packages: Vec<PackageDiffV1<'a>>,
    gaps: GapsV1<'a>,
}

#[derive(Serialize)]
struct Sides<T> {
    old: Option<T>,
    new: Option<T>,
}

#[derive(Serialize)]
struct FindingsV1<'a> {
    new: Vec<FindingV1<'a>>,
    gone: Vec<FindingV1<'a>>,
    same: usize,
}

#[derive(Serialize)]
struct GapsV1<'a> {
    new: Vec<GapV1<'a>>,
    gone: Vec<GapV1<'a>>,
}

#[derive(Serialize)]
struct PackageDiffV1<'a> {
    change: &'static str,
    ecosystem: &'static str,
    name: &'a str,
    old: &'a [String],
    new: &'a [String],
}

#[derive(Serialize)]
struct DiffSummaryV1 {
    new: usize,
    violating: usize,
    gone: usize,
    same: usize,
    exit: u8,
}

/// Writes the whole comparison.
///
/// # Errors
/// Those of `out`.
pub fn write_diff(diff: &Diff<'_>, out: &mut dyn Write) -> io::Result<()> {
    let count = |of: fn(&TargetDiff<'_>) -> usize| diff.targets.iter().map(of).sum();
    let report = DiffV1 {
        schema_version: 1,
        tool: Tool::this(),
        targets: diff.targets.iter().map(target).collect(),
        summary: DiffSummaryV1 {
            new: count(|target| target.came.len()),
            violating: count(|target| target.came.iter().filter(|judged| judged.violates).count()),
            gone: count(|target| target.went.len()),
            same: count(|target| target.stayed),
            exit: diff.exit.code(),
        },
    };
    json_text::write_pretty(out, &report)
}

fn target<'a>(diff: &'a TargetDiff<'a>) -> TargetDiffV1<'a> {
    let scan = &diff.target().scan;
    let findings = |all: &[&'a Judged], side: Option<&Target>| {
        let artifacts = side.map_or(&[][..], |target| target.scan.artifacts.as_slice());
        all.iter().map(|judged| finding(judged, artifacts)).collect()
    };
    let gaps = |all: &[&'a JudgedGap], side: Option<&Target>| {
        let artifacts = side.map_or(&[][..], |target| target.scan.artifacts.as_slice());
        all.iter().map(|judged| gap(judged, artifacts)).collect()
    };
    TargetDiffV1 {
        id: &scan.id,
        name: &scan.name,
        risk: Sides { old: diff.old.map(|t| t.risk.score), new: diff.new.map(|t| t.risk.score) },
        coverage: Sides {
            old: diff.old.map(|t| t.scan.coverage.grade.word()),
            new: diff.new.map(|t| t.scan.coverage.grade.word()),
        },
        findings: FindingsV1 {
            new: findings(&diff.came, diff.new),
            gone: findings(&diff.went, diff.old),
            same: diff.stayed,
        },
        packages: diff.packages.iter().map(package).collect(),
        gaps: GapsV1 { new: gaps(&diff.gaps_came, diff.new), gone: gaps(&diff.gaps_went, diff.old) },
    }
}

fn package(package: &PackageDiff) -> PackageDiffV1<'_> {
    PackageDiffV1 {
        change: match (package.is_added, package.is_removed) {
            (true, _) => "added",
            (_, true) => "removed",
            _ => "changed",
        },
        ecosystem: package.ecosystem.name(),
        name: &package.name,
        old: &package.old,
        new: &package.new,
    }
}
