//! Reads the user and password of a URL (<https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1>) at each `://`.

use std::ops::Range;

/// Bytes read behind `://` for user, password and host.
const AUTHORITY: usize = 320;

/// By byte, whether it ends the authority: white space, control characters, what is no ASCII, and marks that stand behind
/// a URL. A table, since `://` is among the commonest of keywords.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let marks = b"/?#\"'`<>\\()|,";
        let mut at = 0;
        while at < marks.len() {
            stops[byte] |= marks[at] as usize == byte;
            at += 1;
        }
        stops[byte] |= byte <= 0x20 || byte >= 0x7F;
        byte += 1;
    }
    stops
};

/// The parts of a URL with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Before the colon; may be empty.
    pub user: Range<usize>,
    /// Between the colon and the last `@` before the path.
    pub password: Range<usize>,
    /// Behind the `@`, without the port.
    pub host: Range<usize>,
}

/// Reads `user:password@host` that begins at `start`, just behind `://`.
pub fn read(text: &[u8], start: usize) -> Option<Credentials> {
    let rest = text.get(start..text.len().min(start + AUTHORITY))?;
    let end = rest.iter().position(|byte| STOPS[usize::from(*byte)]).unwrap_or(rest.len());
    let authority = &rest[..end];
    // A password may hold `@` though it should be escaped; a host cannot.
    let at = memchr::memrchr(b'@', authority)?;
    let colon = memchr::memchr(b':', &authority[..at])?;
    let host = &authority[at + 1..];
    let port = memchr::memchr(b':', host).unwrap_or(host.len());
    let range = |from: usize, to: usize| start + from..start + to;
    let found =
        Credentials { user: range(0, colon), password: range(colon + 1, at), host: range(at + 1, at + 1 + port) };
    (!found.password.is_empty() && !found.host.is_empty()).then_some(found)
}

/// Whether the parts can be those of a real account: the host is not the own machine or one of documentation
/// (<https://www.rfc-editor.org/rfc/rfc2606>, <https://www.rfc-editor.org/rfc/rfc5737>), the password is not the user's
/// name or a word for password.
pub fn is_real(user: &[u8], password: &[u8], host: &[u8]) -> bool {
    const WORDS: [&str; 16] = [
        "password",
        "passwd",
        "pass",
        "pwd",
        "pw",
        "secret",
        "token",
        "test",
        "postgres",
        "root",
        "admin",
        "guest",
        "mypassword",
        "hunter2",
        "mypass",
        "apikey",
    ];
    const USERS: [&str; 9] = ["user", "username", "login", "foo", "usr", "name", "john", "alice", "bob"];
    const HOSTS: [&str; 11] =
        ["localhost", "127.0.0.1", "0.0.0.0", "[", "host", "hostname", "server", "example", "myhost", "proxy", "foo"];
    const DOCUMENTATION: [&str; 7] =
        [".example", ".test", ".invalid", ".localhost", "example.com", "example.org", "example.net"];
    const NETWORKS: [&str; 3] = ["192.0.2.", "198.51.100.", "203.0.113."];
    let user = user.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let password = unescaped(password).to_ascii_lowercase();
    let is = |words: &[&str], text: &[u8]| words.iter().any(|word| word.as_bytes() == text);
    let begins = |words: &[&str], text: &[u8]| words.iter().any(|word| text.starts_with(word.as_bytes()));
    // `someuser:somepassword@somehost`, and `user:pass123@...`: the whole account is a pattern to fill in.
    let described = [&user, &password].iter().all(|text| begins(&["some", "my", "your", "the"], text));
    let stem = password.iter().rposition(|b| !b.is_ascii_digit()).map_or(0, |at| at + 1);
    let nobody = is(&USERS, &user) && (is(&WORDS, &password[..stem]) || password.iter().all(u8::is_ascii_alphabetic));
    // `key_1234`: what it is and a number.
    let named = [b"key".as_slice(), b"token", b"pass", b"password", b"secret"]
        .iter()
        .any(|word| password[..stem].strip_suffix(b"_").or(password[..stem].strip_suffix(b"-")) == Some(*word));
    // The account that Oracle's databases were shipped with, in every tutorial since.
    let scott = user == b"scott" && password.starts_with(b"tiger");
    let first_label = host.split(|b| *b == b'.').next().unwrap_or_default();
    password.len() >= 4
        && !(scott || described || nobody || named)
        && password != user
        && !is(&WORDS, &password)
        && !is(&HOSTS, &host)
        && !host.starts_with(b"[")
        && !begins(&NETWORKS, &host)
        && !begins(&["somehost", "yourhost", "my-host", "your-"], &host)
        && !DOCUMENTATION.iter().any(|end| host.ends_with(end.as_bytes()))
        && !first_label.is_empty()
        && host.iter().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(b))
}

/// With percent escapes resolved; a broken escape stays as it is.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at], digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str) -> Option<(&str, &str, &str)> {
        let found = read(url.as_bytes(), url.find("://")? + 3)?;
        Some((&url[found.user], &url[found.password], &url[found.host]))
    }

    #[test]
    fn parts_of_a_url() {
        assert_eq!(parts("pg://u:p1@db.acme.io:5432/x"), Some(("u", "p1", "db.acme.io")));
        assert_eq!(parts("redis://:p1@cache"), Some(("", "p1", "cache")));
        assert_eq!(parts("x://u:p@1@host\""), Some(("u", "p@1", "host")));
        assert_eq!(parts("https://host:80/a@b"), None);
        assert_eq!(parts("https://unpkg/x@1"), None);
        assert_eq!(parts("https://u:@host"), None);
    }

    #[test]
    fn accounts_of_nobody() {
        assert!(is_real(b"app", b"s3cr3tPw", b"db.acme.io"));
        assert!(!is_real(b"app", b"app", b"db.acme.io"));
        assert!(!is_real(b"app", b"password", b"db.acme.io"));
        assert!(!is_real(b"app", b"s3cr3tPw", b"localhost"));
        assert!(!is_real(b"app", b"s3cr3tPw", b"db.example.com"));
        assert!(!is_real(b"app", b"s3cr3tPw", b"192.0.2.7"));
        assert!(!is_real(b"user", b"password0123", b"git.acme.io"));
        assert!(!is_real(b"someuser", b"somepassword", b"somehost"));
        assert!(!is_real(b"at", b"%2F%40", b"acme.io"));
        assert!(is_real(b"app", b"admin123", b"db.acme.io"));
        assert!(is_real(b"app", b"k%40q7Zk2L", b"db.acme.io"));
    }
}
