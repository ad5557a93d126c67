//! Holds sealed scans against a database of advisories.

use rayon::prelude::*;

use super::{Demand, silence};
use crate::advisory::Database;
use crate::matching::{Matched, by_name, database_gaps, gather, rate_exploitation};
use crate::model::Scan;
use crate::runtime;

/// Adds to sealed scans what is known of their packages, and what the database does not cover: each version of a package
/// is looked at once, however many scans have it. Runs in the current rayon pool.
pub fn hold_against(scans: Vec<Scan>, database: &Database, demand: &Demand) -> Vec<Scan> {
    let names = by_name(scans.iter().map(|scan| scan.packages.as_slice()));
    let lookup = |ecosystem, name: &str| database.lookup(ecosystem, name);
    let said = names.into_par_iter().flat_map_iter(|named| named.held_against(lookup)).collect();
    let matched = gather(scans.len(), said);
    scans.into_par_iter().zip(matched).map(|(scan, matched)| hold(scan, matched, database, demand)).collect()
}

fn hold(mut scan: Scan, matched: Matched, database: &Database, demand: &Demand) -> Scan {
    let Matched { mut findings, mut gaps, remedies } = matched;
    gaps.extend(rate_exploitation(&mut findings, |id| database.exploitation(id)));
    gaps.extend(database_gaps(&scan.packages, database.info(), demand.allow_seed, &demand.max_age, demand.now));
    gaps.extend(silence::gaps(&scan.packages, database));
    let (ended, unknown) = runtime::judge(&scan.config, demand.now);
    gaps.extend(unknown);
    scan.findings.append(&mut findings);
    scan.remedies = remedies;
    scan.findings.extend(ended);
    scan.coverage.add(gaps);
    scan
}
