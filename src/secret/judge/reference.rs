//! Values that say where a secret is, or hold it sealed: templates, paths, addresses, digests, ciphertext.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use crate::secret::shape::looks_random;

/// A template, a path, an address, a resource name: where the secret is, not what it is.
pub fn is_reference(value: &[u8]) -> bool {
    const HOLDS: [&str; 16] = [
        "${",
        "#{",
        "{{",
        "<%",
        "%(",
        "://",
        "$(",
        "%s",
        "%d",
        "{}",
        "{0}",
        "process.env",
        "environ",
        "getenv",
        "\\u",
        "secrets/",
    ];
    const BEGINS: [&str; 19] = [
        "arn:",
        "./",
        "../",
        "~/",
        "$",
        "@microsoft.keyvault",
        "op://",
        "vault:",
        "ssm:",
        "secretsmanager:",
        "secretref:",
        "keyvault:",
        "file:",
        "env:",
        "env.",
        "ref+",
        "urn:",
        "!",
        "@@",
    ];
    const ENDS: [&str; 12] =
        [".pem", ".key", ".json", ".txt", ".js", ".py", ".yml", ".yaml", ".html", ".php", ".com", ".crt"];
    static PARTS: LazyLock<AhoCorasick> = LazyLock::new(|| AhoCorasick::new(HOLDS).expect("short parts"));
    let lower = value.to_ascii_lowercase();
    let wrapped = |open: u8, close: u8| value.first() == Some(&open) && value.last() == Some(&close);
    // One of 64 keys in base64 begins with a slash, too.
    let path = value.first() == Some(&b'/') && !looks_random(value);
    path || PARTS.is_match(&lower)
        || BEGINS.iter().any(|start| lower.starts_with(start.as_bytes()))
        || ENDS.iter().any(|end| lower.ends_with(end.as_bytes()))
        || wrapped(b'<', b'>')
        || wrapped(b'{', b'}')
        || wrapped(b'[', b']')
        || wrapped(b'%', b'%')
        || wrapped(b'(', b')')
        || wrapped(b'_', b'_')
        || wrapped(b'#', b'#')
        || is_path_of_names(value)
        || is_constant_name(value)
}

/// `Config.Db.Password2`, `com.acme.Token`: names joined by dots, none of them random.
fn is_path_of_names(value: &[u8]) -> bool {
    let mut parts = 0;
    let names = value.split(|b| *b == b'.').all(|part| {
        parts += 1;
        let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        part.len() > 1 && part[0].is_ascii_alphabetic() && part.iter().all(word)
    });
    names && parts >= 2 && !looks_random(value)
}

/// `KRB5_PASSWORD`, `@DB_PASSWORD_2`: the name of a variable that holds one.
fn is_constant_name(value: &[u8]) -> bool {
    let name = value.strip_prefix(b"@").unwrap_or(value);
    let part = |b: &u8| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_';
    let says = [b"PASS".as_slice(), b"TOKEN", b"SECRET", b"KEY", b"PWD"];
    name.iter().all(part) && name.contains(&b'_') && says.iter().any(|word| memmem::find(name, word).is_some())
}

/// Digests and keys that are meant to be seen, by the mark of their format.
pub(super) fn is_digest(value: &[u8]) -> bool {
    const MARKS: [&[u8]; 21] = [
        b"sha1-", b"sha256-", b"sha384-", b"sha512-", b"sha256:", b"sha512:", b"sha1:", b"md5:", b"$2a$", b"$2b$",
        b"$2y$", b"$argon2", b"$scrypt", b"$pbkdf2", b"pbkdf2_", b"ssh-", b"MIIB", b"MIID", b"MIIC", b"MFkwEw",
        b"SHA256:",
    ];
    MARKS.iter().any(|mark| value.starts_with(mark))
}

/// Ciphertext by the mark of what made it: it opens nothing without a key that is elsewhere.
///
/// Marks: Jasypt and SOPS (`ENC(`, `ENC[`), Vault's transit engine (covered as a reference), Spring Cloud Config
/// (`{cipher}`), Spring Security's and LDAP's password schemes (`{bcrypt}`, `{SSHA}`), AWS KMS (`AQICAH`), Windows'
/// DPAPI (`AQAAANCMnd8`), Ansible Vault, OpenSSL's salted form (`Salted__` in base64), Fernet tokens, messages of the AWS
/// Encryption SDK (<https://docs.aws.amazon.com/encryption-sdk/latest/developer-guide/message-format.html>), Bitnami's
/// sealed secrets (two bytes that say how long the wrapped key is, 512, then that key:
/// <https://github.com/bitnami-labs/sealed-secrets/blob/main/docs/developer/crypto.md>).
pub(super) fn is_sealed(value: &[u8]) -> bool {
    const MARKS: [&[u8]; 14] = [
        b"ENC(",
        b"ENC[",
        b"{cipher}",
        b"{bcrypt}",
        b"{pbkdf2}",
        b"{argon2}",
        b"{SSHA",
        b"{SHA",
        b"AQICAH",
        b"AQAAANCMnd8",
        b"$ANSIBLE_VAULT",
        b"U2FsdGVkX1",
        b"gAAAAAB",
        b"iVBORw0KGgo",
    ];
    /// Beginnings that are too short to be told from chance in anything but a long value.
    const LONG_MARKS: [&[u8]; 7] = [b"AgA", b"AgB", b"AgC", b"AgD", b"AgR4", b"AgV4", b"AYAD"];
    const LONG: usize = 120;
    // What reads it may have a mark of its own before that of the cipher: `secure:v1:AQICAH...`.
    let scheme = value.iter().take(24).rposition(|b| *b == b':').map_or(0, |colon| colon + 1);
    let begins = |marks: &[&[u8]]| marks.iter().any(|m| value.starts_with(m) || value[scheme..].starts_with(m));
    begins(&MARKS) || value.len() >= LONG && begins(&LONG_MARKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_values() {
        for text in [
            "/run/secrets/db-1",
            "Config.Db.Password2",
            "projects/12/secrets/db/versions/3",
            "secretref:db-password-1",
            "#{Db.Password1}#",
            "ref+vault:x1",
            "KRB5_PASSWORD",
        ] {
            assert!(is_reference(text.as_bytes()), "{text}");
        }
        for text in ["/q7Zk2LxV9bTn4RmWc3Ys", "Summer.2024!", "x7#Kq9!vLm2Zp"] {
            assert!(!is_reference(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn ciphertext_is_no_secret() {
        for text in ["ENC(x7Kq9)", "{cipher}0a1b", "AQICAHhq7Zk", "$ANSIBLE_VAULT;1.1;AES256"] {
            assert!(is_sealed(text.as_bytes()), "{text}");
        }
        assert!(is_sealed(b"secure:v1:AQICAHhq7Zk"));
        assert!(is_sealed(["AgB", &"q7Zk2LxV".repeat(40)].concat().as_bytes()));
        for text in ["x7#Kq9!vLm2Zp", "AgBq7Zk2LxV9bTn4RmWc3Ys", ":", "app:x7#Kq9!vLm2Zp"] {
            assert!(!is_sealed(text.as_bytes()), "{text}");
        }
    }
}
