//! `.gitleaksignore` (<https://github.com/gitleaks/gitleaks#gitleaksignore>): fingerprints `file:rule:line`, or with a
//! commit before it, which a deployed artifact does not have. Rules and allow-lists of `.gitleaks.toml` are read where
//! rules are.
//!
//! A fingerprint names a line. Gitleaks' rules have other names than ours, so that of the secrets on that line it covers
//! those that a rule of the same vendor finds.

use super::{Entry, Format, at_line};
use crate::formats::complaint::{Complaint, Source};
use crate::policy::condition::{Condition, vendor};
use crate::policy::config::compile;
use crate::policy::waiver::Waiver;

pub(super) const FORMAT: Format = Format {
    name: ".gitleaksignore",
    files: &[".gitleaksignore"],
    claims: |name, _| name.ends_with("gitleaksignore"),
    read,
};

fn read(source: &Source<'_>) -> Result<Vec<Waiver>, Complaint> {
    let mut waivers = Vec::new();
    for (at, line) in source.text.lines().enumerate() {
        let entry = Entry { source, line: at + 1 };
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let wanted = "a fingerprint of Gitleaks is file:rule:line";
        let parts = text.rsplit_once(':').and_then(|(rest, number)| {
            let (file, rule) = rest.rsplit_once(':')?;
            let number = number.parse().ok()?;
            let is_id = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
            (!file.is_empty() && !rule.is_empty() && rule.bytes().all(is_id)).then_some((file, rule, number))
        });
        let Some((file, rule, number)) = parts else {
            return Err(at_line(source, entry.line as u64, wanted));
        };
        let commit = |text: &str| text.len() >= 7 && text.len() <= 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let file = file.split_once(':').filter(|(first, _)| commit(first)).map_or(file, |(_, file)| file);
        // A path is meant as it stands; within archives Gitleaks writes `!` where globs here have `/`.
        let path = globset::escape(&file.trim_start_matches("./").trim_start_matches('/').replace('!', "/"));
        let glob = compile(&path).map_err(|error| at_line(source, entry.line as u64, &error))?;
        let conditions = vec![
            Condition::Vendor(vendor(rule).to_ascii_lowercase()),
            Condition::Path(vec![glob]),
            Condition::Line(number),
        ];
        waivers.push(entry.waiver(text.to_owned(), None, conditions));
    }
    Ok(waivers)
}
