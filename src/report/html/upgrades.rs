//! What to upgrade to what, over all functions: the upgrade that closes most findings stands first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use crate::model::{Package, PackageId};
use crate::policy::{StaysOpen, Upgrade, Verdict};
use crate::report::place;
use crate::report::words::{count, plural};

use super::picture::{self, Part};
use super::text::Text;

/// Upgrades that stand open to the eye; the others wait behind one more line.
const FIRST: usize = 10;
/// Upgrades in the page; the JSON report has the others.
const SHOWN: usize = 200;

/// One upgrade in all functions that need it.
pub struct Step<'a> {
    /// That of the first function; another one may come to the package by another path.
    upgrade: &'a Upgrade,
    package: Option<&'a Package>,
    closes: u64,
    functions: BTreeSet<&'a str>,
}

/// Equal upgrades joined, those that close most first.
pub fn steps(verdict: &Verdict) -> Vec<Step<'_>> {
    type Key<'a> = (&'a PackageId, &'a str, Option<&'a PackageId>);
    let mut steps: BTreeMap<Key<'_>, Step<'_>> = BTreeMap::new();
    for target in verdict.targets.iter().filter(|target| !target.upgrades.is_empty()) {
        let known: BTreeMap<PackageId, &Package> = target.scan.packages.iter().map(|p| (p.id(), p)).collect();
        for upgrade in &target.upgrades {
            let key = (&upgrade.package, upgrade.to.as_str(), upgrade.direct.as_ref());
            let package = known.get(&upgrade.package).copied();
            let step = steps.entry(key).or_insert(Step { upgrade, package, closes: 0, functions: BTreeSet::new() });
            step.closes += upgrade.closes.len() as u64;
            step.functions.insert(&target.scan.name);
        }
    }
    let mut steps: Vec<Step<'_>> = steps.into_values().collect();
    steps.sort_by_key(|step| Reverse((step.closes, step.functions.len())));
    steps
}

/// The section; nothing where there is nothing to upgrade.
pub fn write(verdict: &Verdict, steps: &[Step<'_>], out: &mut dyn Write) -> io::Result<()> {
    let Some(most) = steps.first().map(|step| step.closes) else {
        return Ok(());
    };
    out.write_all(b"<section id=\"upgrades\" aria-labelledby=\"upgrades-title\">\n")?;
    let stays = StaysOpen::of(&verdict.targets).sentence();
    writeln!(out, "<h2 id=\"upgrades-title\">What to upgrade</h2>\n<p class=\"lead\">{}</p>", Text(&stays))?;
    out.write_all(b"<ol class=\"upgrades\">\n")?;
    for (rank, step) in steps.iter().enumerate().take(SHOWN) {
        if rank == FIRST {
            let rest = plural((steps.len() - FIRST) as u64, "more upgrade", "more upgrades");
            write!(out, "</ol>\n<details class=\"rest\"><summary>{rest}</summary>\n<ol class=\"upgrades\">\n")?;
        }
        line(step, rank + 1, most, verdict.targets.len() > 1, out)?;
    }
    out.write_all(b"</ol>\n")?;
    if steps.len() > SHOWN {
        let rest = plural((steps.len() - SHOWN) as u64, "more upgrade closes", "more upgrades close");
        writeln!(out, "<p class=\"lead\">{rest} less; --format json lists all.</p>")?;
    }
    out.write_all(if steps.len() > FIRST { b"</details>\n</section>\n" } else { b"</section>\n" })
}

fn line(step: &Step<'_>, rank: usize, most: u64, many: bool, out: &mut dyn Write) -> io::Result<()> {
    let upgrade = step.upgrade;
    let name = step.package.map_or(upgrade.package.0.as_str(), |package| &package.name);
    let search = format!("\"{name} {}\"", upgrade.from);
    let findings = plural(step.closes, "finding", "findings");
    write!(
        out,
        "<li><span class=\"figure\">{rank}</span><span class=\"what\"><span class=\"title\">{}</span> \
         <span class=\"versions\">{} <span aria-label=\"to\" role=\"img\">→</span> <strong>{}</strong></span> \
         <span class=\"where\">{}</span></span><span class=\"closes\">",
        Text(name),
        Text(&upgrade.from),
        Text(&upgrade.to),
        Text(&circumstances(step, many))
    )?;
    picture::bar(&[Part { class: "good", amount: step.closes, title: findings.clone() }], most, &findings, out)?;
    writeln!(
        out,
        "<a href=\"#findings\" data-list=\"findings\" data-facet=\"search\" data-value=\"{}\">closes {findings}</a></span></li>",
        Text(&search)
    )
}

/// Who has to do it, where, and what stands in the way.
fn circumstances(step: &Step<'_>, many: bool) -> String {
    let upgrade = step.upgrade;
    let mut facts = Vec::new();
    let above = upgrade.path.split_last().map_or(&[][..], |(_, above)| above);
    if !above.is_empty() {
        let path: Vec<String> = above.iter().map(place::package).collect();
        facts.push(format!("through {}", path.join(" › ")));
    }
    if step.package.is_some_and(|package| !package.embedded_in.is_empty()) {
        facts.push("a copy inside it".to_owned());
    }
    if step.package.is_some_and(|package| upgrade.is_major(package.ecosystem)) {
        facts.push("another major version".to_owned());
    }
    facts.extend(upgrade.admitted.map(|admitted| match admitted {
        true => "the declared range admits it".to_owned(),
        false => "the declared range does not admit it".to_owned(),
    }));
    match step.functions.first() {
        Some(only) if many && step.functions.len() == 1 => facts.push(format!("in {only}")),
        Some(_) if many => facts.push(format!("in {} functions", count(step.functions.len() as u64))),
        _ => {}
    }
    facts.join("; ")
}
