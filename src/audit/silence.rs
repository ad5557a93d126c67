//! What a service is asked about, and what it did not answer.

use std::collections::BTreeSet;

use globset::GlobSet;

use crate::advisory::{Database, Question, Silence};
use crate::model::{Ecosystem, Gap, GapKind, Location, Package, Scan};

const BY: &str = "advisory";

/// The packages of these scans to ask a service about, and the keys of those that it must not hear of since they are
/// first-party. A package without a version is neither: it is not matched.
pub fn inquiry(scans: &[Scan], own: &GlobSet) -> (BTreeSet<Question>, BTreeSet<(Ecosystem, String)>) {
    let (mut questions, mut kept_back) = (BTreeSet::new(), BTreeSet::new());
    for package in scans.iter().flat_map(|scan| &scan.packages) {
        let Some(version) = package.version.clone() else { continue };
        if own.is_match(&package.name) {
            kept_back.insert(package.key());
        } else {
            questions.insert(Question { ecosystem: package.ecosystem, name: package.name.clone(), version });
        }
    }
    // Two spellings of one name, of which the policy knows one: it is first-party in the other too.
    questions.retain(|q| !kept_back.contains(&(q.ecosystem, q.ecosystem.normalize(&q.name).into_owned())));
    (questions, kept_back)
}

/// One note for all packages that were kept back, one blocking gap for each that has no whole answer.
pub(super) fn gaps(packages: &[Package], database: &Database) -> Vec<Gap> {
    let mut gaps = Vec::new();
    if !database.has_silences() {
        return gaps;
    }
    let mut own = 0;
    for package in packages.iter().filter(|package| package.version.is_some()) {
        match database.silence(&package.key()) {
            None => {}
            Some(Silence::Own) => own += 1,
            Some(Silence::Failed(reason)) => {
                let place = package.locations.first().cloned().unwrap_or_else(|| Location::artifact(0));
                let detail = format!("the OSV service gave no whole answer about {}: {reason}", package.name);
                gaps.push(Gap::blocking(GapKind::Advisories, place, BY, detail));
            }
        }
    }
    if own > 0 {
        let detail = match own {
            1 => "1 package was not asked about: the policy calls it own".to_owned(),
            _ => format!("{own} packages were not asked about: the policy calls them own"),
        };
        gaps.push(Gap::note(GapKind::Advisories, Location::artifact(0), BY, detail));
    }
    gaps
}
