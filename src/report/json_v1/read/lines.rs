//! The contract as newline-delimited JSON: an object a line, put together again.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ReadError;
use super::types::{Report, TargetRead};

/// What says where a line belongs.
#[derive(Deserialize)]
struct Head {
    r#type: String,
    target: Option<String>,
}

/// Whether the first line is that of a report in lines.
pub(super) fn is_one(bytes: &[u8]) -> bool {
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    serde_json::from_slice::<Head>(first).is_ok_and(|head| head.r#type == "report")
}

/// Reads all lines. Those of types that only later programs know are passed over, like their keys.
pub(super) fn read(bytes: &[u8]) -> Result<Report, ReadError> {
    let mut report: Option<Report> = None;
    for (at, line) in bytes.split(|&b| b == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let number = at + 1;
        let head: Head = object(line, number)?;
        if head.r#type == "report" && report.is_none() {
            report = Some(object(line, number)?);
            continue;
        }
        if let "new" | "fixed" = head.r#type.as_str() {
            let sweep = report.as_mut().and_then(|report| report.sweep.as_mut()).ok_or(ReadError::Foreign)?;
            let changes = if head.r#type == "new" { sweep.came() } else { sweep.went() };
            changes.push(object(line, number)?);
            continue;
        }
        let targets = report.as_mut().map(|report| &mut report.targets).ok_or(ReadError::Foreign)?;
        if head.r#type == "target" {
            targets.push(object(line, number)?);
            continue;
        }
        let target = head.target.as_deref().and_then(|id| of(targets, id));
        let target = target.ok_or(ReadError::Astray(number))?;
        match head.r#type.as_str() {
            "package" => target.packages.push(object(line, number)?),
            "finding" => target.findings.push(object(line, number)?),
            "gap" => target.coverage.gaps.push(object(line, number)?),
            "hook" => target.hooks.push(object(line, number)?),
            "upgrade" => target.upgrades.push(object(line, number)?),
            _ => {}
        }
    }
    report.ok_or(ReadError::Foreign)
}

/// The target of an id: nearly always the last one, whose lines follow it.
fn of<'t>(targets: &'t mut [TargetRead], id: &str) -> Option<&'t mut TargetRead> {
    let at = targets.iter().rposition(|target| target.id == id)?;
    targets.get_mut(at)
}

fn object<T: DeserializeOwned>(line: &[u8], number: usize) -> Result<T, ReadError> {
    serde_json::from_slice(line).map_err(|error| ReadError::Line(number, error))
}
