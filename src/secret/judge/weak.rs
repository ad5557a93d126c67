//! Weak passwords: what people choose, told from what stands where a password goes.
//!
//! `admin123` and `P@ssw0rd` are in every list of leaked passwords, so they are chosen; `password` and `your-token` are
//! how texts name the thing itself. What is chosen shows a change: letters written as digits, a number or mark behind.
//! It cannot know whether `password123` was chosen or written to be replaced.

/// What a password is worth as a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A known weak password, or a word that was changed as people change words.
    Chosen,
    /// A word that stands for a password.
    StandIn,
    /// Neither.
    Unknown,
}

/// The words that lists of leaked passwords grow from: chosen if anything is changed about them.
const COMMON: [&str; 36] = [
    "password",
    "passwort",
    "pass",
    "admin",
    "administrator",
    "root",
    "welcome",
    "letmein",
    "qwerty",
    "qwertz",
    "azerty",
    "iloveyou",
    "trustno",
    "hunter",
    "dragon",
    "monkey",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "master",
    "shadow",
    "superman",
    "batman",
    "secret",
    "supersecret",
    "topsecret",
    "login",
    "hello",
    "company",
    "asdf",
    "abc",
    "toor",
    "postgres",
    "oracle",
    "superadmin",
];

/// Chosen as they are: runs over a keyboard, and words that nobody writes for another reason.
const AS_THEY_ARE: [&str; 17] = [
    "letmein",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "azerty",
    "iloveyou",
    "toor",
    "1q2w3e4r",
    "1qaz2wsx",
    "zaq12wsx",
    "qazwsx",
    "q1w2e3r4",
    "asdfghjkl",
    "1q2w3e4r5t",
    "qwer1234",
    "passw0rd",
    "trustno1",
];

/// What texts write where a password goes.
const STAND_INS: [&str; 36] = [
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "test",
    "testing",
    "tester",
    "admin",
    "root",
    "user",
    "username",
    "guest",
    "default",
    "none",
    "null",
    "nil",
    "true",
    "false",
    "string",
    "required",
    "optional",
    "foo",
    "bar",
    "foobar",
    "hidden",
    "demo",
    "temp",
    "mypass",
    "mysecret",
    "value",
    "key",
    "apikey",
];

/// Words that make what follows a description: `mypassword1`, `SomePassword2`.
const DESCRIBING: [&str; 17] = [
    "my", "your", "some", "the", "new", "old", "user", "test", "a", "any", "bad", "wrong", "invalid", "strong", "good",
    "db", "database",
];

/// Judges a password as a choice.
pub(super) fn choice(value: &[u8]) -> Choice {
    let letter = |b: &u8| b.is_ascii_alphabetic();
    let lower = value.to_ascii_lowercase();
    let is = |words: &[&str], text: &[u8]| words.iter().any(|word| word.as_bytes() == text);
    if is(&AS_THEY_ARE, &lower) {
        return Choice::Chosen;
    }
    // The last letter ends the word; what is behind it is its tail, digits and marks.
    let core = lower.iter().rposition(letter).map_or(0, |last| last + 1);
    let (core, tail) = lower.split_at(core);
    let stem = plain(core);
    let leet = stem != core;
    let digits = tail.iter().any(u8::is_ascii_digit);
    let marks = tail.iter().any(|b| !b.is_ascii_alphanumeric());
    let plain_tail = tail.iter().all(|b| b.is_ascii_digit() || b"!@#$%&*?._-+".contains(b));
    if is(&COMMON, &stem) && plain_tail && (leet || digits || marks && tail.len() > 1) {
        return Choice::Chosen;
    }
    let counted = tail.is_empty() || b"01234567890".windows(tail.len().min(11)).any(|run| run == tail) || tail == b"!";
    if is(&STAND_INS, &stem) && (tail.is_empty() && !leet || counted || !(digits && marks)) {
        return Choice::StandIn;
    }
    let described = ["password", "passwort", "secret", "token", "pass"].iter().any(|word| {
        stem.strip_suffix(word.as_bytes())
            .map(|rest| rest.strip_suffix(b"_").or(rest.strip_suffix(b"-")).unwrap_or(rest))
            .is_some_and(|rest| is(&DESCRIBING, rest))
    });
    let words = stem.len() > 16 && ["password", "passphrase"].iter().any(|w| find(&stem, w.as_bytes()));
    if core.is_empty() && value.len() < 8 || described && !(digits && marks) && !leet || words {
        return Choice::StandIn;
    }
    Choice::Unknown
}

fn find(text: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(text, word).is_some()
}

/// The word without the digits and marks that stand for its letters: `p@ssw0rd`.
fn plain(core: &[u8]) -> Vec<u8> {
    let letter = |b: &u8| match b {
        b'@' | b'4' => b'a',
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'$' | b'5' => b's',
        b'7' => b't',
        other => *other,
    };
    core.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_passwords() {
        for text in [
            "P@ssw0rd",
            "admin123",
            "letmein1",
            "Welcome1",
            "qwerty123",
            "letmein",
            "trustno1",
            "Passw0rd!",
            "s3cr3t",
            "Admin@2024",
            "password123",
            "hunter2",
            "1q2w3e4r",
            "root1234",
        ] {
            assert_eq!(choice(text.as_bytes()), Choice::Chosen, "{text}");
        }
    }

    #[test]
    fn words_for_a_password() {
        for text in [
            "password",
            "secret",
            "test1234",
            "token123",
            "mypassword1",
            "my-password",
            "user1",
            "PASSWORD",
            "12345",
            "foo",
            "PassWordMustBeAtLeast6Chars.",
            "your_password",
        ] {
            assert_eq!(choice(text.as_bytes()), Choice::StandIn, "{text}");
        }
        for text in ["Summer2024!", "x7#Kq9!vLm2Zp", "dragonfly88", "acme2024"] {
            assert_eq!(choice(text.as_bytes()), Choice::Unknown, "{text}");
        }
    }
}
