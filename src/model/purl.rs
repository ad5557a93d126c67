//! Package urls (<https://github.com/package-url/purl-spec>), written only.

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
}
