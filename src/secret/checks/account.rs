//! Users and passwords.

use std::ops::Range;

use base64::Engine as _;
use memchr::memmem;

use super::{BASE64, Candidate, Proof, is_text};
use crate::model::Confidence;
use crate::secret::assignment::Style;
use crate::secret::judge::{is_reference, judge};
use crate::secret::rule::Reader;
use crate::secret::shape::{is_stand_in, looks_random, scrambled};
use crate::secret::url;

/// `user:password` in base64 (<https://www.rfc-editor.org/rfc/rfc7617>).
pub(super) fn basic_credentials(candidate: Candidate<'_>) -> Proof {
    let Ok(pair) = BASE64.decode(candidate.secret()) else { return Proof::Broken };
    let Some(colon) = memchr::memchr(b':', &pair) else { return Proof::Broken };
    let (user, password) = (&pair[..colon], &pair[colon + 1..]);
    // Long-known words of documentation, the first from the RFC itself.
    let known = [b"open sesame".as_slice(), b"opensesame", b"password", b"pass", b"pwd", b"secret", b"passwd", b"test"];
    let stands_in = is_stand_in(password) || is_reference(password) || known.contains(&password);
    if !is_text(user) || !is_text(password) || password.len() < 4 || user == password || stands_in {
        return Proof::Broken;
    }
    Proof::Plausible
}

/// A password that stands where only a password can stand: not a reference, not a stand-in.
pub(super) fn real_password(candidate: Candidate<'_>) -> Proof {
    // A template in code ends with the string that holds it: `'... password {token}'`.
    let secret = candidate.secret();
    let end = secret.iter().rposition(|b| !b"\"'`\\,;)".contains(b)).map_or(0, |at| at + 1);
    let secret = if is_reference(&secret[..end]) { &secret[..end] } else { secret };
    let words: [&[u8]; 9] =
        [b"password", b"passwd", b"secret", b"token", b"test", b"pass", b"none", b"null", b"undefined"];
    if is_stand_in(secret) || is_reference(secret) || words.iter().any(|word| secret.eq_ignore_ascii_case(word)) {
        return Proof::Broken;
    }
    Proof::Plausible
}

/// A password beside a user or behind an option, as people choose them: judged as one between quotes.
pub(super) fn chosen_password(candidate: Candidate<'_>) -> Proof {
    match judge(candidate.secret(), Reader::Password, Style::Quoted) {
        Some(Confidence::Low) => Proof::Doubtful,
        Some(_) => Proof::Plausible,
        None => Proof::Broken,
    }
}

/// A token without a prefix: it must at least look random.
pub(super) fn random(candidate: Candidate<'_>) -> Proof {
    let secret = candidate.secret();
    // A vendor's prefix is a word and would weigh as one: what is behind it was drawn.
    let drawn = secret.rsplit(|b| matches!(b, b'_' | b'-' | b'.')).next().filter(|tail| tail.len() >= 16);
    let drawn = drawn.unwrap_or(secret);
    let has = |kind: fn(&u8) -> bool| drawn.iter().any(kind);
    // Twenty letters and digits hold no digit once in thirty times.
    let letters = drawn.len() >= 20 && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase);
    let mixed = letters || secret.iter().any(u8::is_ascii_digit) && secret.iter().any(u8::is_ascii_alphabetic);
    // Marks between groups of characters say nothing, where groups are short.
    if mixed && (looks_random(drawn) || looks_random(secret) || scrambled(secret) >= 0.4) {
        Proof::Plausible
    } else {
        Proof::Broken
    }
}

/// The user, password and host of a URL are those of a real account.
pub(super) fn url_account(candidate: Candidate<'_>) -> Proof {
    let Some(scheme_end) = memmem::find(candidate.whole(), b"://") else { return Proof::Broken };
    let Some(parts) = url::read(candidate.text, candidate.whole.start + scheme_end + 3) else { return Proof::Broken };
    let text = |range: Range<usize>| &candidate.text[range];
    let password = text(parts.password);
    if !url::is_real(text(parts.user), password, text(parts.host)) || is_stand_in(password) || is_reference(password) {
        return Proof::Broken;
    }
    let word = password.iter().all(u8::is_ascii_alphabetic) && !looks_random(password);
    if word { Proof::Doubtful } else { Proof::Plausible }
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn chosen_passwords_are_weighed() {
        assert_eq!(run(chosen_password, "x7#Kq9!vLm2Zp"), Proof::Plausible);
        assert_eq!(run(chosen_password, "admin123"), Proof::Doubtful);
        assert_eq!(run(chosen_password, "$PASSWORD"), Proof::Broken);
        assert_eq!(run(chosen_password, "password"), Proof::Broken);
    }

    #[test]
    fn basic_credentials_are_a_pair() {
        assert_eq!(run(basic_credentials, &BASE64.encode("deploy:k7Hq-92x")), Proof::Plausible);
        assert_eq!(run(basic_credentials, &BASE64.encode("Aladdin:open sesame")), Proof::Broken);
        assert_eq!(run(basic_credentials, &BASE64.encode("no colon here")), Proof::Broken);
    }
}
