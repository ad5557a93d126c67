//! The version that a Python module assigns to one of the usual names, where it is a literal.
//!
//! <https://packaging.python.org/en/latest/guides/single-sourcing-package-version/> lists the ways. A value that is
//! computed (from metadata, from other names) is none: nothing is executed.

/// Names that hold a module's own version, best first. The last one is `cv2`'s.
const NAMES: [&str; 7] =
    ["__version__", "VERSION", "version", "__version_info__", "version_info", "__VERSION__", "opencv_version"];
/// Bytes of the longest version that is taken.
const LONGEST: usize = 64;

/// The version of a module's text: of several assignments the one to the best name, of two to one name the first.
/// `None` where none is a literal that looks like a version other than a placeholder (`0.0.0`).
pub fn version(text: &str) -> Option<String> {
    let mut best: Option<(usize, String)> = None;
    for line in text.lines() {
        // Nested assignments may belong to a class, or to one of several branches.
        let Some(rank) = NAMES.iter().position(|name| {
            line.strip_prefix(name)
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        }) else {
            continue;
        };
        if best.as_ref().is_some_and(|(known, _)| *known <= rank) {
            continue;
        }
        if let Some(version) = value(&line[NAMES[rank].len()..]).filter(|version| is_version(version)) {
            best = Some((rank, version));
        }
    }
    best.map(|(_, version)| version)
}

/// The literal behind a name: `= "1.0"`, `: str = "1.0"`, `= version = "1.0"`, `= (1, 0, 0, "final", 0)`.
fn value(after_name: &str) -> Option<String> {
    let mut rest = after_name.trim_start();
    if let Some(annotation) = rest.strip_prefix(':') {
        rest = &annotation[annotation.find('=')?..];
    }
    loop {
        rest = rest.strip_prefix('=').filter(|rest| !rest.starts_with('='))?.trim_start();
        let first = rest.chars().next()?;
        if first == '(' {
            return tuple(rest[1..].split_once(')')?);
        }
        if first == '"' || first == '\'' {
            return text(rest, first);
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|&end| end > 0)?;
        if let ("Version", Some(elements)) = (&rest[..end], rest[end..].strip_prefix('(')) {
            return tuple(elements.split_once(')')?); // a named tuple of soupsieve's
        }
        rest = rest[end..].trim_start();
    }
}

/// A quoted text with nothing behind it but a comment.
fn text(quoted: &str, quote: char) -> Option<String> {
    let marks = quoted.len() - quoted.trim_start_matches(quote).len();
    let close = if marks == 3 { &quoted[..3] } else { &quoted[..1] };
    let (value, after) = quoted[close.len()..].split_once(close)?;
    ends(after).then(|| value.trim().to_owned())
}

fn ends(after: &str) -> bool {
    let after = after.trim_start();
    after.is_empty() || after.starts_with(['#', ';'])
}

/// `1, 2, 3` and `1, 2, 0, "rc", 1`; a word that PEP 440 does not have ends it.
fn tuple((elements, after): (&str, &str)) -> Option<String> {
    if !ends(after) {
        return None;
    }
    let mut version = String::new();
    for element in elements.split(',').map(|element| element.trim().trim_matches(['"', '\''])) {
        let stage = match element {
            "alpha" | "a" => "a",
            "beta" | "b" => "b",
            "rc" | "c" | "candidate" => "rc",
            _ => "",
        };
        if !stage.is_empty() {
            version.push_str(stage);
        } else if !element.is_empty() && element.bytes().all(|b| b.is_ascii_digit()) {
            let joins = version.is_empty() || version.ends_with(|c: char| c.is_ascii_alphabetic());
            version.push_str(if joins { "" } else { "." });
            version.push_str(element);
        } else {
            break;
        }
    }
    Some(version)
}

fn is_version(version: &str) -> bool {
    version.len() <= LONGEST
        && version.starts_with(|c: char| c.is_ascii_digit())
        && version.bytes().any(|b| b.is_ascii_digit() && b != b'0')
        && version.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'!' | b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_of_every_style() {
        for (text, expected) in [
            ("import x\n__version__ = '2.28.0'\n", Some("2.28.0")),
            ("__version__='1.0' # the version", Some("1.0")),
            ("__version__: str = \"1.0rc1\"", Some("1.0rc1")),
            ("__version__ = version = '3.4.1.dev0+g1'\n__version_tuple__ = (3, 4)", Some("3.4.1.dev0+g1")),
            ("__version__ = \"\"\"1.62.0\"\"\"", Some("1.62.0")),
            ("VERSION = (4, 2, 1, \"final\", 0)", Some("4.2.1")),
            ("VERSION = (5, 0, 0, 'rc', 1)", Some("5.0.0rc1")),
            ("__version_info__ = Version(2, 5, 0, \"final\")", Some("2.5.0")),
            ("version_info = (3, 18, '0')\n__version__ = '.'.join(str(x) for x in version_info)", Some("3.18.0")),
            ("version = '6.3'\nversion_info = (6, 3, 0, 0)", Some("6.3")),
            ("VERSION = '1'\n__version__ = '2'", Some("2")),
            ("__version__ = '1'\n__version__ = '2'", Some("1")),
            ("__version__ = version('requests')", None),
            ("__version__ = '1.' + minor", None),
            ("__version__ = '0.0.0'", None),
            ("__version__ = 'unknown'", None),
            ("__version__ == '1.0'", None),
            ("__version__ = '1.0", None),
            ("__version__ =", None),
            ("    __version__ = '1.0'", None),
            ("__versions__ = '1.0'", None),
            ("__version__ = '1.0 or later'", None),
            ("version = ()", None),
        ] {
            assert_eq!(version(text).as_deref(), expected, "{text}");
        }
    }
}
