//! Package urls (<https://github.com/package-url/purl-spec>).

use super::Ecosystem;

/// The purl of a package: `pkg:npm/%40scope/name@1.0.0`.
///
/// Written here rather than by a crate, since names come from hostile files: whatever they hold, the result is one
/// line of ASCII without a space.
pub fn purl(ecosystem: Ecosystem, name: &str, version: Option<&str>) -> String {
    let name = ecosystem.normalize(name);
    let mut out = format!("pkg:{}/", ecosystem.purl_type());
    let separator = if ecosystem == Ecosystem::Maven { ':' } else { '/' };
    for (i, part) in name.split(separator).enumerate() {
        if i > 0 {
            out.push('/');
        }
        encode(part, &mut out);
    }
    if let Some(version) = version {
        out.push('@');
        encode(version, &mut out);
    }
    out
}

/// What a package url names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purl {
    /// Its type, in lower case.
    pub kind: String,
    /// The ecosystem of the type; `None` for one that this program does not know (`deb`, `generic`).
    pub ecosystem: Option<Ecosystem>,
    /// The name as the ecosystem writes it: `@scope/name`, `group:artifact`.
    pub name: String,
    /// The version, if it has one.
    pub version: Option<String>,
}

impl Purl {
    /// Reads a package url. Qualifiers and the sub-path are left out: they tell builds of one version apart.
    /// `None` if it is none.
    pub fn parse(text: &str) -> Option<Purl> {
        let rest =
            text.trim().get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("pkg:")).map(|_| &text.trim()[4..])?;
        let rest = rest.split(['?', '#']).next()?.trim_matches('/');
        let (kind, path) = rest.split_once('/')?;
        // A scope is often written as it is: `@scope/name` has no version.
        let (path, version) = match path.rsplit_once('@') {
            Some((path, version)) if !path.is_empty() && !version.contains('/') => (path, Some(version)),
            _ => (path, None),
        };
        let kind = kind.to_ascii_lowercase();
        let ecosystem = Ecosystem::ALL.into_iter().find(|ecosystem| ecosystem.purl_type() == kind);
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decode).collect();
        let name = parts.join(if ecosystem == Some(Ecosystem::Maven) { ":" } else { "/" });
        let version = version.map(decode).filter(|version| !version.is_empty());
        (!name.is_empty()).then_some(Purl { kind, ecosystem, name, version })
    }
}

/// Undoes percent-encoding. What is no code stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encodes all but the characters that the specification leaves plain.
fn encode(part: &str, out: &mut String) {
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'~' | b':') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_as_the_specification_shows() {
        assert_eq!(purl(Ecosystem::Npm, "@angular/core", Some("12.3.1")), "pkg:npm/%40angular/core@12.3.1");
        assert_eq!(
            purl(Ecosystem::Maven, "org.apache.xmlgraphics:batik-anim", Some("1.9.1")),
            "pkg:maven/org.apache.xmlgraphics/batik-anim@1.9.1"
        );
        assert_eq!(purl(Ecosystem::PyPI, "Ruamel_YAML", None), "pkg:pypi/ruamel-yaml");
        assert_eq!(purl(Ecosystem::PyPI, "torch", Some("1.0+cu118")), "pkg:pypi/torch@1.0%2Bcu118");
        assert_eq!(purl(Ecosystem::Npm, "a b\n", Some("1")), "pkg:npm/a%20b%0A@1");
    }

    #[test]
    fn what_was_written_is_read() {
        for (ecosystem, name, version) in [
            (Ecosystem::Npm, "@angular/core", Some("12.3.1")),
            (Ecosystem::Maven, "org.apache.xmlgraphics:batik-anim", Some("1.9.1")),
            (Ecosystem::Go, "golang.org/x/net", Some("v0.17.0")),
            (Ecosystem::PyPI, "torch", Some("1.0+cu118")),
            (Ecosystem::Npm, "a b\n%", None),
        ] {
            let read = Purl::parse(&purl(ecosystem, name, version)).expect("a package url");
            assert_eq!((read.ecosystem, read.name.as_str(), read.version.as_deref()), (Some(ecosystem), name, version));
        }
    }

    #[test]
    fn other_spellings_and_types() {
        for (text, expected) in [
            ("pkg:npm/@scope/name@1.0.0", Some((Some(Ecosystem::Npm), "@scope/name", Some("1.0.0")))),
            ("pkg:npm/@scope/name", Some((Some(Ecosystem::Npm), "@scope/name", None))),
            ("PKG://NPM/a@1?arch=x#lib/b", Some((Some(Ecosystem::Npm), "a", Some("1")))),
            (
                "pkg:gem/nokogiri@1.13.10?platform=x86_64-linux",
                Some((Some(Ecosystem::RubyGems), "nokogiri", Some("1.13.10"))),
            ),
            ("pkg:deb/debian/zlib1g@1.2", Some((None, "debian/zlib1g", Some("1.2")))),
            ("pkg:npm/a%2@1%", Some((Some(Ecosystem::Npm), "a%2", Some("1%")))),
            ("pkg:npm/", None),
            ("pkg:npm", None),
            ("npm/a@1", None),
            ("é", None),
        ] {
            let read = Purl::parse(text);
            let read = read.as_ref().map(|read| (read.ecosystem, read.name.as_str(), read.version.as_deref()));
            assert_eq!(read, expected, "{text}");
        }
    }
}
