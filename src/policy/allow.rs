//! `allow-secrets`: secrets that somebody answers for, by rule, place or value, each with a reason.
//!
//! A value is named by its SHA-256, so that the policy file is no leak itself:
//! `printf %s "$SECRET" | sha256sum`. Allowing hides nothing: the finding stays, as waived.

use globset::GlobMatcher;
use serde::Deserialize;
use toml::Spanned;

use super::config::{ConfigError, check, compile, complain};
use crate::formats::complaint::Source;
use crate::model::{AllowedBy, SecretMatch, sha256};

/// One element of `allow-secrets`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAllowedSecret {
    rule: Option<Spanned<String>>,
    path: Option<Spanned<String>>,
    value: Option<Spanned<String>>,
    reason: Spanned<String>,
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
    /// Where it is written, and why.
    allowed: AllowedBy,
}

impl AllowedSecret {
    /// Who allows this match, if this element does.
    pub fn covers(&self, found: &SecretMatch) -> Option<&AllowedBy> {
        let rule = self.rule.as_ref().is_none_or(|glob| glob.is_match(&found.rule));
        let path = || self.path.as_ref().is_none_or(|glob| glob.is_match(found.location.path.join("/")));
        let value = || self.value.as_ref().is_none_or(|digest| *digest == sha256(found.value.expose()));
        (rule && path() && value()).then_some(&self.allowed)
    }
}

impl RawAllowedSecret {
    pub(super) fn validate(self, source: &Source<'_>) -> Result<AllowedSecret, ConfigError> {
        let glob = |value: Option<Spanned<String>>| value.map(|value| check(source, &value, compile)).transpose();
        let reason = check(source, &self.reason, |text| match text.trim() {
            "" => Err("a secret is allowed only with a reason"),
            reason => Ok(reason.to_owned()),
        })?;
        if self.rule.is_none() && self.path.is_none() && self.value.is_none() {
            let message = "this would allow every secret: name a rule, a path or a value";
            return Err(complain(source, Some(self.reason.span()), message));
        }
        let value = self.value.map(|value| check(source, &value, digest)).transpose()?;
        let by = format!("{}:{}", source.file, source.line(self.reason.span()));
        let (rule, path) = (glob(self.rule)?, glob(self.path)?);
        Ok(AllowedSecret { rule, path, value, allowed: AllowedBy { by, reason } })
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
