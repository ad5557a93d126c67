//! What to upgrade to what, the most closed first.

use std::collections::BTreeMap;
use std::io;

use crate::model::{Package, PackageId};
use crate::policy::{StaysOpen, Target, Upgrade};
use crate::report::place;

use super::canvas::{Canvas, Ink, Width, cell};
use crate::report::words::{count, list, plural};

/// Upgrades before the rest is counted.
const SHOWN: usize = 20;

/// The section of upgrades; nothing where there is none.
pub fn write(canvas: &mut Canvas<'_>, target: &Target) -> io::Result<()> {
    if target.upgrades.is_empty() {
        return Ok(());
    }
    canvas.blank()?;
    canvas.row(2, vec![cell(Ink::Strong, "Upgrade", Width::Auto)])?;
    let known: BTreeMap<PackageId, &Package> = target.scan.packages.iter().map(|p| (p.id(), p)).collect();
    for upgrade in target.upgrades.iter().take(SHOWN) {
        let package = known.get(&upgrade.package).copied();
        let name = package.map_or_else(
            || place::package(&upgrade.package),
            // As the package writes itself, not as its ecosystem compares it.
            |package| format!("{} {}", package.name, upgrade.from),
        );
        let mut facts = vec![format!("closes {}", plural(upgrade.closes.len() as u64, "finding", "findings"))];
        if upgrade.path.len() == 1 && upgrade.direct.is_some() {
            facts.push("direct".to_owned());
        }
        let cells = vec![
            cell(Ink::Plain, format!("{name} {} {}", canvas.arrow(), upgrade.to), Width::Auto),
            cell(Ink::Faint, list(facts), Width::Auto),
        ];
        canvas.row(4, cells)?;
        let how = how(upgrade, package);
        if !how.is_empty() {
            canvas.paragraph(6, Ink::Faint, &how, 3)?;
        }
    }
    if target.upgrades.len() > SHOWN {
        let rest = format!("and {} more; --format json lists all", count((target.upgrades.len() - SHOWN) as u64));
        canvas.row(4, vec![cell(Ink::Faint, rest, Width::Auto)])?;
    }
    canvas.paragraph(4, Ink::Plain, &StaysOpen::of(std::slice::from_ref(target)).sentence(), 4)
}

/// What brings it in, as far as it is known.
fn how(upgrade: &Upgrade, package: Option<&Package>) -> String {
    let mut facts = Vec::new();
    if let [first, between @ .., _] = upgrade.path.as_slice() {
        let direct = if upgrade.direct.is_some() { " (direct)" } else { "" };
        let mut way = format!("through {}{direct}", place::package(first));
        between.iter().for_each(|id| way.push_str(&format!(" > {}", place::package(id))));
        facts.push(way);
    }
    if package.is_some_and(|package| !package.embedded_in.is_empty()) {
        facts.push("a copy inside it: what helps is a release of it with a newer copy".to_owned());
    }
    if package.is_some_and(|package| upgrade.is_major(package.ecosystem)) {
        facts.push("another major version".to_owned());
    }
    match upgrade.admitted {
        Some(true) => facts.push("the declared range admits it".to_owned()),
        Some(false) => facts.push("the declared range does not admit it".to_owned()),
        None => {}
    }
    facts.join("; ")
}
