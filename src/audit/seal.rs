//! Seals a scan: everything sorted and de-duplicated, the law of conservation asserted, the coverage graded.

use crate::model::{Artifact, Coverage, Finding, FunctionConfig, Gap, Hook, Package, Scan, Tally, TargetKind};

/// What [`seal`] takes.
pub(super) struct Unsealed {
    pub id: String,
    pub name: String,
    pub kind: TargetKind,
    pub config: FunctionConfig,
    pub artifacts: Vec<Artifact>,
    pub tally: Tally,
    pub gaps: Vec<Gap>,
    pub packages: Vec<Package>,
    pub findings: Vec<Finding>,
    pub hooks: Vec<Hook>,
    pub attributed: bool,
}

/// Sorts, de-duplicates and grades.
pub(super) fn seal(raw: Unsealed) -> Scan {
    assert_eq!(raw.tally.seen, raw.tally.read + raw.tally.gapped, "an entry was lost without a gap");
    debug_assert!(raw.packages.is_sorted_by_key(Package::id), "the overlay sorts them");
    Scan {
        id: raw.id,
        name: raw.name,
        kind: raw.kind,
        config: raw.config,
        artifacts: raw.artifacts,
        coverage: Coverage::new(raw.tally, raw.attributed, raw.gaps),
        packages: raw.packages,
        findings: raw.findings,
        remedies: Vec::new(),
        hooks: raw.hooks,
    }
}
