//! `.trivyignore.yaml` (<https://trivy.dev/latest/docs/configuration/filtering/#trivyignoreyaml>).
//!
//! Its secrets are named by Trivy's rules; one that no rule here finds matches nothing and is reported.

use serde::Deserialize;

use super::{Entry, Format, at_line, globs, trivy_rules};
use crate::formats::complaint::{Complaint, Source};
use crate::formats::yaml::{self, Spanned};
use crate::model::FindingKind;
use crate::policy::condition::{ADVISORY_KINDS, Condition, PackageTest};
use crate::policy::raw_waiver::parse_day;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: ".trivyignore.yaml",
    files: &[".trivyignore.yaml", ".trivyignore.yml"],
    claims: |name, text| {
        let keys = ["vulnerabilities:", "misconfigurations:", "secrets:", "licenses:"];
        (name.ends_with(".yaml") || name.ends_with(".yml"))
            && (name.contains("trivyignore") || text.lines().any(|line| keys.iter().any(|key| line.starts_with(key))))
    },
    read,
};

#[derive(Default, Deserialize)]
struct File {
    vulnerabilities: Option<Vec<Spanned<Item>>>,
    misconfigurations: Option<Vec<Spanned<Item>>>,
    secrets: Option<Vec<Spanned<Item>>>,
    licenses: Option<Vec<Spanned<Item>>>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    paths: Option<Vec<String>>,
    purls: Option<Vec<String>>,
    expired_at: Option<String>,
    statement: Option<String>,
}

const CHECKS: &[FindingKind] = &[FindingKind::Posture, FindingKind::Code, FindingKind::Integrity, FindingKind::Runtime];

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let file: File = yaml::strict(source.text)
        .map_err(|line| at_line(source, line, "not YAML as .trivyignore.yaml has it: lists of entries with an id"))?;
    let mut waivers = Vec::new();
    let lists = [
        (file.vulnerabilities, Some(ADVISORY_KINDS)),
        (file.misconfigurations, Some(CHECKS)),
        (file.secrets, Some(&[FindingKind::Secret][..])),
        (file.licenses, None),
    ];
    for (items, kinds) in lists {
        for item in items.into_iter().flatten() {
            waivers.extend(entries(source, &item, kinds)?);
        }
    }
    waivers.sort_by_key(|waiver| waiver.basis.line);
    Ok(waivers)
}

/// One waiver, or one for each package of several.
fn entries(
    source: &Source<'_>,
    item: &Spanned<Item>,
    kinds: Option<&'static [FindingKind]>,
) -> Result<Vec<Waiver>, Complaint> {
    let line = item.referenced.line();
    let entry = Entry { source, line: usize::try_from(line).unwrap_or(usize::MAX) };
    let item = &item.value;
    let Some(kinds) = kinds else {
        return Ok(vec![entry.moot(item.id.clone(), "licences are not judged")]);
    };
    let expires = match &item.expired_at {
        None => None,
        Some(text) => {
            let day = parse_day(text);
            Some(day.ok_or_else(|| at_line(source, line, "expired_at is a day, written as 2027-01-31"))?)
        }
    };
    let mut common = vec![trivy_rules::named(&item.id), Condition::Kind(kinds)];
    if let Some(paths) = item.paths.as_deref().filter(|paths| !paths.is_empty()) {
        common.push(Condition::Path(globs(paths).map_err(|error| at_line(source, line, &error))?));
    }
    let one = |text: String, conditions| entry.waiver(text, item.statement.as_deref(), conditions).until(expires);
    let Some(purls) = item.purls.as_deref().filter(|purls| !purls.is_empty()) else {
        return Ok(vec![one(item.id.clone(), common)]);
    };
    let of = |purl: &String| {
        let text = format!("{}, {purl}", item.id);
        match PackageTest::of_purl(purl) {
            Some(test) => one(text, common.iter().cloned().chain([Condition::Package(test)]).collect()),
            None => entry.moot(text, "packages of that kind are not listed"),
        }
    };
    Ok(purls.iter().map(of).collect())
}
