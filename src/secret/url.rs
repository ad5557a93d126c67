//! Reads the user and password of a URL (<https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1>) at each `://`.

use std::ops::Range;

/// Bytes read behind `://` for user, password and host.
const AUTHORITY: usize = 320;

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
    let stops =
        |b: &u8| b.is_ascii_whitespace() || b.is_ascii_control() || b"/?#\"'`<>\\()|,".contains(b) || !b.is_ascii();
    let end = rest.iter().position(stops).unwrap_or(rest.len());
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
/// (<https://www.rfc-editor.org/rfc/rfc2606>), the password is not the user's name or a word for password.
pub fn is_real(user: &[u8], password: &[u8], host: &[u8]) -> bool {
    const WORDS: [&str; 14] = [
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
    ];
    const HOSTS: [&str; 10] =
        ["localhost", "127.0.0.1", "0.0.0.0", "[", "host", "hostname", "server", "example", "myhost", "proxy"];
    let lower_host = host.to_ascii_lowercase();
    let lower_password = password.to_ascii_lowercase();
    let documentation = [".example", ".test", ".invalid", ".localhost", "example.com", "example.org", "example.net"];
    let first_label = lower_host.split(|b| *b == b'.').next().unwrap_or_default();
    // The account that Oracle's databases were shipped with, in every tutorial since.
    let scott = user.eq_ignore_ascii_case(b"scott") && lower_password.starts_with(b"tiger");
    password.len() >= 4
        && !scott
        && !password.eq_ignore_ascii_case(user)
        && !WORDS.iter().any(|word| lower_password == word.as_bytes())
        && !HOSTS.iter().any(|name| lower_host == name.as_bytes() || name == &"[" && host.starts_with(b"["))
        && !documentation.iter().any(|end| lower_host.ends_with(end.as_bytes()))
        && !first_label.is_empty()
        && host.iter().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(b))
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
    }
}
