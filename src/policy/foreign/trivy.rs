//! `.trivyignore` (<https://trivy.dev/latest/docs/configuration/filtering/#trivyignore>): an id a line, a comment behind
//! `#`, and `exp:2027-01-31` for the day on which it ends.

use super::{Entry, Format, at_line, trivy_rules};
use crate::formats::complaint::{Complaint, Source};
use crate::policy::raw_waiver::parse_day;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: ".trivyignore",
    files: &[".trivyignore"],
    claims: |name, _| name.ends_with("trivyignore") || name.ends_with(".trivyignore.txt"),
    read,
};

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let mut waivers = Vec::new();
    // What stands above an id is what people write its reason into.
    let mut reason: Vec<&str> = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let entry = Entry { source, line: at + 1 };
        let text = line.trim();
        if text.is_empty() {
            reason.clear();
            continue;
        }
        if let Some(comment) = text.strip_prefix('#') {
            reason.push(comment.trim());
            continue;
        }
        let mut fields = text.split_whitespace();
        let id = fields.next().unwrap_or_default();
        if !id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'+')) {
            return Err(at_line(source, entry.line as u64, "this is no id; a line is one, or a comment behind '#'"));
        }
        let expires = match fields.find_map(|field| field.strip_prefix("exp:")) {
            None => None,
            Some(day) => Some(
                parse_day(day)
                    .ok_or_else(|| at_line(source, entry.line as u64, "a day is written as exp:2027-01-31"))?,
            ),
        };
        let beside = text.split_once('#').map(|(_, comment)| comment.trim());
        let reason = beside.map_or_else(|| std::mem::take(&mut reason).join(" "), str::to_owned);
        waivers.push(entry.waiver(id.to_owned(), Some(&reason), vec![trivy_rules::named(id)]).until(expires));
    }
    Ok(waivers)
}
