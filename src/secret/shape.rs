//! The shape of a value: how random it is, and whether it is a stand-in.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Shannon entropy of the bytes themselves, in bits per byte: 0.0 for one repeated byte, at most 8.0.
pub fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let total = value.len() as f64;
    let bits = |&count: &u32| {
        let share = f64::from(count) / total;
        -share * share.log2()
    };
    counts.iter().filter(|&&count| count > 0).map(bits).sum()
}

/// Pairs of letters that make up 97.5 % of the pairs inside words, counted over the identifiers and prose of some 80 MB
/// of published packages. Row: first letter; bit: second letter, `a` lowest. Of random pairs 57 % are not among them.
const COMMON_PAIRS: [u32; 26] = [
    0x1febd6f, 0x1164b15, 0x01e4d95, 0x01e4919, 0x1effd7f, 0x11a4931, 0x01e69d1, 0x01a4111, 0x2aefc7f, 0x0044011,
    0x0040110, 0x11c4939, 0x014d113, 0x13ced7d, 0x07efd7f, 0x11ec919, 0x0100000, 0x13e7d7d, 0x11ced95, 0x15ed995,
    0x00eb97f, 0x0004111, 0x0066191, 0x0088115, 0x10ce010, 0x0000010,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Digit,
    Other,
}

fn class(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' => Class::Lower,
        b'A'..=b'Z' => Class::Upper,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Other,
    }
}

/// The share of neighbouring bytes that do not look like writing: a change of class (other than a capital before a
/// small letter, or a separator) or a pair of letters that words hardly have. About 0.1 for identifiers and prose,
/// 0.6 and more for random text over any alphabet. 0.0 for fewer than two bytes.
pub fn randomness(value: &[u8]) -> f64 {
    if value.len() < 2 {
        return 0.0;
    }
    let odd = |pair: &&[u8]| match (class(pair[0]), class(pair[1])) {
        (Class::Digit, Class::Digit) | (Class::Other, _) | (_, Class::Other) => false,
        (Class::Lower, Class::Upper) => false,
        (Class::Lower, Class::Lower) | (Class::Upper, Class::Upper) | (Class::Upper, Class::Lower) => {
            let (first, second) = (pair[0].to_ascii_lowercase() - b'a', pair[1].to_ascii_lowercase() - b'a');
            COMMON_PAIRS[usize::from(first)] & 1 << second == 0
        }
        _ => true,
    };
    let humps = value.windows(3).filter(|w| class(w[0]) == Class::Lower && class(w[1]) == Class::Upper);
    // `aB` is how identifiers join words, but no identifier joins words of one letter: `aBcD`.
    let short_humps = humps.filter(|w| class(w[2]) != Class::Lower).count();
    (value.windows(2).filter(odd).count() + short_humps) as f64 / (value.len() - 1) as f64
}

/// As [`randomness`], over the pairs of letters and digits alone: marks between them say nothing. 0.0 where there are
/// fewer than four such pairs.
pub fn scrambled(value: &[u8]) -> f64 {
    let pairs = value.windows(2).filter(|w| w.iter().all(u8::is_ascii_alphanumeric)).count();
    if pairs < 4 { 0.0 } else { randomness(value) * (value.len() - 1) as f64 / pairs as f64 }
}

/// Whether a value is more random than writing can be. Hexadecimal text has few letters to judge by, but no words
/// either.
pub fn looks_random(value: &[u8]) -> bool {
    let least = if value.iter().all(u8::is_ascii_hexdigit) { 0.15 } else { 0.33 };
    randomness(value) >= least
}

/// Whether a value is words written together, as code names its things: `InferenceEndpointInfoV2`.
pub fn is_identifier(value: &[u8]) -> bool {
    let letters = value.iter().filter(|b| b.is_ascii_alphabetic()).count();
    let plain = value.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_');
    plain && letters * 8 > value.len() * 7 && randomness(value) < 0.2
}

/// Words that say "put yours here", or that this is not one. Lower case.
const STAND_INS: [&str; 39] = [
    "example",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "changeit",
    "your_",
    "your-",
    "yourpass",
    "yoursecret",
    "yourtoken",
    "yourkey",
    "yourapi",
    "youraccess",
    "replace",
    "insert_",
    "insert-",
    "dummy",
    "redacted",
    "sample",
    "notreal",
    "not-real",
    "not_real",
    "fake",
    "foobar",
    "foo_bar",
    "lorem",
    "xxxx",
    "****",
    "....",
    "____",
    "<your",
    "enter_",
    "enter-",
    "todo",
    "undefined",
    "deadbeef",
    "notasecret",
    "not-a-secret",
];

/// Whether a value only stands for a secret: it says so, repeats itself, or counts.
pub fn is_stand_in(value: &[u8]) -> bool {
    if value.is_empty() {
        return true;
    }
    static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(STAND_INS).expect("short words"));
    let lower = value.to_ascii_lowercase();
    WORDS.is_match(&lower)
        || longest_run(&lower, |a, b| a == b) >= 6
        || longest_run(&lower, |a, b| a.checked_add(1) == Some(b) || (a, b) == (b'9', b'0')) >= 7
        || is_periodic(&lower)
}

/// The longest stretch in which every byte follows from the one before it.
fn longest_run(value: &[u8], follows: impl Fn(u8, u8) -> bool) -> usize {
    let (mut best, mut run) = (1, 1);
    for pair in value.windows(2) {
        run = if follows(pair[0], pair[1]) { run + 1 } else { 1 };
        best = best.max(run);
    }
    best
}

/// One group of at most 8 bytes, again and again: `abcabcabc`.
fn is_periodic(value: &[u8]) -> bool {
    (1..=8).any(|period| value.len() >= 3 * period && value.iter().zip(&value[period..]).all(|(a, b)| a == b))
}

/// `8-4-4-4-12` hexadecimal digits.
pub fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => *b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// A UUID whose bits were drawn (<https://www.rfc-editor.org/rfc/rfc9562#section-5.4>). Those of documentation count or
/// spell words, and hardly any has the version and variant of a drawn one.
pub fn is_drawn_uuid(value: &[u8]) -> bool {
    is_uuid(value) && value[14] == b'4' && matches!(value[19].to_ascii_lowercase(), b'8' | b'9' | b'a' | b'b')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_has_its_known_values() {
        assert_eq!(entropy(b""), 0.0);
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert_eq!(entropy(b"abcd"), 2.0);
    }

    #[test]
    fn random_text_is_told_from_words() {
        for words in
            ["getElementsByClassName", "AccessTokenExpiredError", "connect-src-elem", "SHA256WithRSAEncryption"]
        {
            assert!(randomness(words.as_bytes()) < 0.25, "{words} {}", randomness(words.as_bytes()));
        }
        for random in ["q7Zk2LxV9bTn4RmW", "9f86d081884c7d659a2f", "xkqzjvwpfhgtbn", "ZmQ0YjVlNzg5MGFi"] {
            assert!(randomness(random.as_bytes()) > 0.35, "{random} {}", randomness(random.as_bytes()));
        }
    }

    #[test]
    fn identifiers_are_words_written_together() {
        for name in ["InferenceInferenceEndpointInfoAi21", "ShareSalesforceDataSource", "SalesforceOAuth2Credential"] {
            assert!(is_identifier(name.as_bytes()), "{name} {}", randomness(name.as_bytes()));
        }
        for value in ["q7Zk2LxV9bTn4RmW", "9f86d081884c7d659a2f", "0123456789", "xkqzjvwpfhgtbn"] {
            assert!(!is_identifier(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn marks_between_letters_say_nothing() {
        assert!(scrambled(b"k9(x!2@v#pq7$zw3_m-8+jx4") > 0.4);
        assert!(scrambled(b"connect-src-elem/of-the.page") < 0.2);
        assert_eq!(scrambled(b"a-b-c"), 0.0);
    }

    #[test]
    fn stand_ins_are_seen() {
        for text in
            ["AKIAIOSFODNN7EXAMPLE", "xxxxxxxxxxxx", "1234567890abcdef", "abcabcabcabc", "YOUR_API_KEY", "ChangeMe123"]
        {
            assert!(is_stand_in(text.as_bytes()), "{text}");
        }
        for text in ["Summer2024!", "q7Zk2LxV9bTn4RmW", "hunter2"] {
            assert!(!is_stand_in(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn uuids() {
        assert!(is_uuid(b"0b1f7f0e-3c1a-4d5e-9f00-aabbccddeeff"));
        assert!(!is_uuid(b"0b1f7f0e-3c1a-4d5e-9f00-aabbccddeefg"));
        assert!(is_drawn_uuid(b"0b1f7f0e-3c1a-4d5e-9f00-aabbccddeeff"));
        assert!(!is_drawn_uuid(b"1234abcd-12ab-34cd-56ef-1234567890ab"));
    }
}
