//! Offline proof: what a format's own checksum or structure says about a match.
//!
//! A check never asks anyone. It can show that a text is no secret of its format, and where the format has a checksum,
//! that it is one; it cannot know whether the secret still opens anything.

mod account;
mod base58;
mod bech32;
mod cloud;
mod elastic;
mod gitlab;
mod issued;
mod jwt;
mod nats;
mod pem;
mod token;

use std::ops::Range;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// What a check concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The checksum or structure holds: high confidence.
    Proven,
    /// Nothing speaks against it: the rule's own confidence.
    Plausible,
    /// Well-formed, but hardly of use to anyone: low confidence.
    Doubtful,
    /// Not a secret of this format.
    Broken,
}

/// A match to be checked.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The text around it.
    pub text: &'a [u8],
    /// The whole match in `text`.
    pub whole: &'a Range<usize>,
    /// The secret in `text`.
    pub secret: &'a Range<usize>,
}

impl<'a> Candidate<'a> {
    fn secret(&self) -> &'a [u8] {
        &self.text[self.secret.clone()]
    }

    fn whole(&self) -> &'a [u8] {
        &self.text[self.whole.clone()]
    }
}

/// A check: a plain function, so that rules as data can name it.
pub type Check = fn(Candidate<'_>) -> Proof;

/// Every check that a rule may name.
const CHECKS: &[(&str, Check)] = &[
    ("aws_key_id", cloud::aws_key_id),
    ("aws_session_token", issued::aws_session_token),
    ("azure_sas", issued::azure_sas),
    ("azure_storage_key", cloud::azure_storage_key),
    ("base58", base58::base58),
    ("basic_credentials", account::basic_credentials),
    ("bech32", bech32::bech32),
    ("elastic_header", elastic::elastic_header),
    ("elastic_key", elastic::elastic_key),
    ("bedrock_session", issued::bedrock_session),
    ("chosen_password", account::chosen_password),
    ("github_fine_grained", token::github_fine_grained),
    ("github_token", token::checksummed_token),
    ("gitlab_token", gitlab::gitlab_token),
    ("google_account", pem::google_account),
    ("jwt", jwt::jwt),
    ("nats_seed", nats::nats_seed),
    ("npm_token", token::checksummed_token),
    ("pem", pem::pem),
    ("random", account::random),
    ("real_password", account::real_password),
    ("sentry_org_token", issued::sentry_org_token),
    ("url_account", account::url_account),
    ("vercel_token", issued::vercel_token),
];

/// The check of that name.
pub fn by_name(name: &str) -> Option<Check> {
    CHECKS.iter().find(|(known, _)| *known == name).map(|&(_, check)| check)
}

/// The name of a check.
pub fn name(check: Check) -> Option<&'static str> {
    CHECKS.iter().find(|(_, known)| std::ptr::fn_addr_eq(*known, check)).map(|&(name, _)| name)
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn is_text(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_graphic() || *b == b' ')
}

#[cfg(test)]
fn run(check: Check, secret: &str) -> Proof {
    check(Candidate { text: secret.as_bytes(), whole: &(0..secret.len()), secret: &(0..secret.len()) })
}
