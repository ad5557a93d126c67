//! What to upgrade to what, over all functions: the upgrade that closes most findings stands first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use crate::model::{PackageId, parse_purl};
use crate::policy::{Upgrade, Verdict};
use crate::report::place;
use crate::report::table::words::{count, plural};

use super::picture::{self, Part};
use super::text::Text;

/// Upgrades shown; the JSON report has the others.
const SHOWN: usize = 200;

/// One upgrade in all functions that need it.
pub struct Step<'a> {
    /// Of the first function that needs it; the path to it may be another one elsewhere.
    upgrade: &'a Upgrade,
    closes: u64,
    functions: BTreeSet<&'a str>,
}

/// Equal upgrades joined, those that close most first.
pub fn steps(verdict: &Verdict) -> Vec<Step<'_>> {
    type Key<'a> = (&'a PackageId, &'a str, Option<&'a PackageId>);
    let mut steps: BTreeMap<Key<'_>, Step<'_>> = BTreeMap::new();
    for target in &verdict.targets {
        for upgrade in &target.upgrades {
            let key = (&upgrade.package, upgrade.to.as_str(), upgrade.direct.as_ref());
            let step = steps.entry(key).or_insert(Step { upgrade, closes: 0, functions: BTreeSet::new() });
            step.closes += upgrade.closes.len() as u64;
            step.functions.insert(&target.scan.name);
        }
    }
    let mut steps: Vec<Step<'_>> = steps.into_values().collect();
    steps.sort_by_key(|step| Reverse((step.closes, step.functions.len())));
    steps
}

/// The section; nothing where there is nothing to upgrade.
pub fn write(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    let steps = steps(verdict);
    let Some(most) = steps.first().map(|step| step.closes) else {
        return Ok(());
    };
    out.write_all(b"<section id=\"upgrades\" aria-labelledby=\"upgrades-title\">\n")?;
    out.write_all(b"<h2 id=\"upgrades-title\">What to upgrade</h2>\n<ol class=\"upgrades\">\n")?;
    for step in steps.iter().take(SHOWN) {
        line(step, most, verdict.targets.len() > 1, out)?;
    }
    out.write_all(b"</ol>\n")?;
    if steps.len() > SHOWN {
        let rest = plural((steps.len() - SHOWN) as u64, "more upgrade", "more upgrades");
        write!(out, "<p class=\"lead\">{rest} that close less; --format json lists all.</p>\n")?;
    }
    out.write_all(b"</section>\n")
}

fn line(step: &Step<'_>, most: u64, many: bool, out: &mut dyn Write) -> io::Result<()> {
    let Step { upgrade, closes, functions } = step;
    let known = parse_purl(&upgrade.package.0);
    let name = known.as_ref().map_or(upgrade.package.0.as_str(), |(_, name, _)| name);
    let search = format!("{name} {}", upgrade.from);
    let (search, name, from, to) = (Text(&search), Text(name), Text(&upgrade.from), Text(&upgrade.to));
    let findings = plural(*closes, "finding", "findings");
    write!(
        out,
        "<li><span class=\"what\"><span class=\"title\">{name}</span> <span class=\"versions\">{from} <span \
         aria-label=\"to\">→</span> <strong>{to}</strong></span> <span class=\"where\">"
    )?;
    let mut facts = Vec::new();
    if let Some(direct) = upgrade.direct.as_ref().filter(|direct| **direct != upgrade.package) {
        facts.push(format!("brought by {}", place::package(direct)));
    }
    if upgrade.path.len() > 2 {
        let path: Vec<String> = upgrade.path.iter().map(place::package).collect();
        facts.push(format!("by way of {}", path.join(" › ")));
    }
    facts.extend(upgrade.admitted.map(|admitted| match admitted {
        true => "the declared range admits it".to_owned(),
        false => "the declared range does not admit it".to_owned(),
    }));
    if known.as_ref().is_some_and(|(ecosystem, ..)| upgrade.is_major(*ecosystem)) {
        facts.push("another major version".to_owned());
    }
    if many {
        facts.push(match functions.iter().next() {
            Some(only) if functions.len() == 1 => format!("in {only}"),
            _ => format!("in {} functions", count(functions.len() as u64)),
        });
    }
    write!(out, "{}</span></span><span class=\"closes\">", Text(&facts.join("; ")))?;
    picture::bar(&[Part { class: "good", amount: *closes, title: findings.clone() }], most, &findings, out)?;
    write!(
        out,
        "<a href=\"#findings\" data-list=\"findings\" data-facet=\"search\" data-value=\"{search}\">closes {findings}</a>\
         </span></li>\n"
    )
}
