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

/// Reads a purl: ecosystem, name as the ecosystem writes it, version. Qualifiers and subpath are left out. `None` for
/// what is no purl, and for types that this program does not know.
pub fn parse_purl(text: &str) -> Option<(Ecosystem, String, Option<String>)> {
    let text = text.strip_prefix("pkg:")?.trim_start_matches('/');
    let text = text.split(['?', '#']).next()?;
    let (kind, path) = text.split_once('/')?;
    let ecosystem = Ecosystem::ALL.into_iter().find(|known| known.purl_type().eq_ignore_ascii_case(kind))?;
    // A scope that was not encoded has its own `@`, with a slash behind.
    let (path, version) = match path.rsplit_once('@') {
        Some((path, version)) if !version.contains('/') => (path, Some(percent_decoded(version))),
        _ => (path, None),
    };
    let separator = if ecosystem == Ecosystem::Maven { ":" } else { "/" };
    let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(percent_decoded).collect();
    let name = parts.join(separator);
    (!name.is_empty()).then_some((ecosystem, name, version.filter(|version| !version.is_empty())))
}

/// Undoes percent-encoding; an escape that is none stays as it is.
pub fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digit = |at: usize| char::from(*behind.get(at)?).to_digit(16);
        let escaped = if first == b'%' { digit(0).zip(digit(1)) } else { None };
        match escaped.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
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
    fn what_is_written_is_read() {
        for (ecosystem, name, version) in [
            (Ecosystem::Npm, "@angular/core", Some("12.3.1")),
            (Ecosystem::Maven, "org.apache.xmlgraphics:batik-anim", Some("1.9.1")),
            (Ecosystem::Go, "github.com/a/b/v2", None),
            (Ecosystem::PyPI, "torch", Some("1.0+cu118")),
            (Ecosystem::Npm, "50%2 \u{e4}", Some("1")),
        ] {
            let parsed = parse_purl(&purl(ecosystem, name, version));
            assert_eq!(parsed, Some((ecosystem, name.to_owned(), version.map(str::to_owned))));
        }
        let read = |text| parse_purl(text).map(|(_, name, version)| (name, version));
        let lodash = ("lodash".to_owned(), Some("4.17.15".to_owned()));
        assert_eq!(read("pkg:npm/lodash@4.17.15?a=b#c"), Some(lodash.clone()));
        assert_eq!(read("pkg://NPM//lodash@4.17.15"), Some(lodash));
        assert_eq!(read("pkg:npm/@scope/name"), Some(("@scope/name".to_owned(), None)));
        for text in ["", "pkg:", "pkg:npm", "pkg:npm/", "pkg:deb/debian/curl@1", "npm/lodash", "pkg:npm/@1"] {
            assert_eq!(parse_purl(text), None, "{text}");
        }
    }

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
}
