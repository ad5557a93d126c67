//! `allow-secrets`: secrets that somebody answers for, by rule, place or value, each with a reason.
//!
//! A value is named by its SHA-256, so that the policy file is no leak itself:
//! `printf %s "$SECRET" | sha256sum`. Allowing hides nothing: the finding stays, as waived.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::NaiveDate;
use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use super::basis::Basis;
use super::config::{ConfigError, check, compile, complain};
use super::raw_waiver::{RawDate, day, words};
use crate::formats::complaint::Source;
use crate::model::{AllowedBy, Sealer, SecretMatch, sha256};

/// One element of `allow-secrets`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAllowedSecret {
    rule: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    reason: Spanned<String>,
    owner: Option<String>,
    expires: Option<Spanned<RawDate>>,
}

/// Secrets that somebody answers for. All conditions that are given must hold; one at least is.
#[derive(Clone, Debug)]
pub struct AllowedSecret {
    /// A glob over ids of rules.
    rule: Option<GlobMatcher>,
    /// A glob over places, an archive being like a folder; `*` stops at `/`.
    path: Option<GlobMatcher>,
    /// The value's SHA-256, 64 small hexadecimal digits.
    value: Option<String>,
    /// Who allows it, and until when.
    pub basis: Basis,
    /// What it says, for people; a value's digest is cut.
    pub text: String,
    /// It covered a secret. Shared by all copies, since the audit asks from many threads and only the verdict reports.
    used: Arc<AtomicBool>,
}

impl AllowedSecret {
    /// Everything that it says.
    pub(super) fn in_full(&self) -> String {
        let glob = |glob: &Option<GlobMatcher>| glob.as_ref().map(|glob| glob.glob().to_string());
        let conditions = (glob(&self.rule), glob(&self.path), &self.value);
        format!("{conditions:?} {} {}", self.basis.by(), self.basis.reason)
    }

    /// Who allows this match on that day, if this element does. `sealer` made what stands for its value, where that is
    /// not the value itself.
    pub fn covers(&self, found: &SecretMatch, sealer: Option<&Sealer>, today: NaiveDate) -> Option<AllowedBy> {
        let rule = self.rule.as_ref().is_none_or(|glob| glob.is_match(&found.rule));
        let path = || self.path.as_ref().is_none_or(|glob| glob.is_match(found.location.path.join("/")));
        let is_value = |digest: &String| match sealer {
            Some(sealer) => sealer.seal_of(digest) == found.value,
            None => *digest == sha256(found.value.expose()),
        };
        let value = || self.value.as_ref().is_none_or(is_value);
        let covers = !self.basis.is_expired(today) && rule && path() && value();
        covers.then(|| {
            self.used.store(true, Ordering::Relaxed);
            AllowedBy { by: self.basis.by(), reason: self.basis.reason.clone() }
        })
    }

    /// The rule that it names, as it is written.
    pub(super) fn rule_id(&self) -> Option<&str> {
        self.rule.as_ref().map(|glob| glob.glob().glob())
    }

    /// Whether it ever covered a secret.
    pub(super) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

impl RawAllowedSecret {
    pub(super) fn validate(self, source: &Source<'_>) -> Result<AllowedSecret, ConfigError> {
        let glob = |value: Option<Spanned<String>>| value.map(|value| check(source, &value, compile)).transpose();
        let reason = words(source, &self.reason, "a secret is allowed only with a reason")?;
        let expires = day(source, self.expires.as_ref())?;
        let said = [&self.rule, &self.path, &self.value].into_iter().flatten();
        let text = said.map(|value| short(value.get_ref())).collect::<Vec<String>>().join(", ");
        if text.is_empty() {
            let message = "this would allow every secret: name a rule, a path or a value";
            return Err(complain(source, Some(self.reason.span()), message));
        }
        let value = self.value.map(|value| check(source, &value, digest)).transpose()?;
        let line = source.line(self.reason.span());
        let (rule, path) = (glob(self.rule)?, glob(self.path)?);
        let basis = Basis { file: source.file.to_owned(), line, reason, owner: self.owner, expires };
        Ok(AllowedSecret { rule, path, value, basis, text, used: Arc::default() })
    }
}

/// The beginning of a text: of a digest enough to tell it from others.
fn short(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn digest(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix("sha256:").unwrap_or_default();
    if digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(digits.to_ascii_lowercase())
    } else {
        Err("a value is named by its digest, as sha256: and 64 hexadecimal digits; never write the value itself here")
    }
}
