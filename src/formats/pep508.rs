//! Requirements in Python's notation: `name[extra] >=1,<2 ; marker` and `name @ url ; marker`.
//!
//! <https://packaging.python.org/en/latest/specifications/dependency-specifiers/>. Markers are not evaluated, since
//! the machine that they speak of is not here; all that is asked of one is whether it can hold without an extra.

/// How deep parentheses in a marker are followed; what is deeper counts as needed.
const DEEPEST_MARKER: usize = 32;

/// One requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requirement<'a> {
    /// The name as written.
    pub name: &'a str,
    /// The version specifiers, without parentheses; empty if there are none.
    pub versions: &'a str,
    /// Where to get it, for `name @ url`.
    pub url: Option<&'a str>,
    /// The condition behind `;`.
    pub marker: Option<&'a str>,
}

impl<'a> Requirement<'a> {
    /// Reads one requirement; `None` if it does not begin with a name, or if something else than versions follows it.
    pub fn parse(text: &'a str) -> Option<Requirement<'a>> {
        let text = text.trim();
        let end = text.find(|c: char| !is_name(c)).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let plain = |c: char| c.is_ascii_alphanumeric();
        if !name.starts_with(plain) || !name.ends_with(plain) {
            return None;
        }
        let mut rest = rest.trim_start();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']')?.1.trim_start();
        }
        if let Some(url) = rest.strip_prefix('@') {
            // A url may hold `;`, so its marker needs white space before it.
            let url = url.trim_start();
            let end = url.find(char::is_whitespace).unwrap_or(url.len());
            let (url, rest) = url.split_at(end);
            let marker = rest.trim_start().strip_prefix(';').map(str::trim);
            return (!url.is_empty()).then_some(Requirement { name, versions: "", url: Some(url), marker });
        }
        let (versions, marker) = match rest.split_once(';') {
            Some((versions, marker)) => (versions, Some(marker.trim())),
            None => (rest, None),
        };
        let versions = versions.trim();
        let versions = versions.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(versions).trim();
        let known = versions.is_empty() || versions.starts_with(['=', '<', '>', '~', '!']);
        known.then_some(Requirement { name, versions, url: None, marker })
    }

    /// The one version that it allows: `==1.0` or `===1.0`, not `==1.*`; or the version of the wheel that its url
    /// names.
    pub fn pin(&self) -> Option<&'a str> {
        match self.url {
            Some(url) => wheel_name(url).map(|(_, version)| version),
            None => exact(self.versions),
        }
    }

    /// Whether it is needed only by those who ask for an extra.
    pub fn only_for_extra(&self) -> bool {
        self.marker.is_some_and(|marker| !Marker { rest: marker }.any(0))
    }
}

/// The one version that a list of specifiers allows.
pub fn exact(versions: &str) -> Option<&str> {
    versions.split(',').find_map(|one| {
        let version = one.trim().strip_prefix("==")?;
        let version = version.strip_prefix('=').unwrap_or(version).trim();
        let plain = version.starts_with(|c: char| c.is_ascii_alphanumeric())
            && !version.contains(|c: char| c == '*' || c.is_whitespace());
        plain.then_some(version)
    })
}

/// Name and version of the wheel at the end of a path or url:
/// <https://packaging.python.org/en/latest/specifications/binary-distribution-format/#file-name-convention>.
pub fn wheel_name(url: &str) -> Option<(&str, &str)> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let file = path.rsplit('/').next().unwrap_or(path);
    let mut parts = file.strip_suffix(".whl")?.split('-');
    let (name, version) = (parts.next()?, parts.next()?);
    let known = parts.count() >= 3 && !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit());
    known.then_some((name, version))
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// Asks a marker whether it can hold when no extra is asked for: a comparison with `extra` cannot, any other can.
struct Marker<'a> {
    rest: &'a str,
}

impl Marker<'_> {
    fn any(&mut self, depth: usize) -> bool {
        let mut holds = self.all(depth);
        while self.word("or") {
            holds |= self.all(depth);
        }
        holds
    }

    fn all(&mut self, depth: usize) -> bool {
        let mut holds = self.one(depth);
        while self.word("and") {
            holds &= self.one(depth);
        }
        holds
    }

    fn one(&mut self, depth: usize) -> bool {
        self.rest = self.rest.trim_start();
        if let Some(inner) = self.rest.strip_prefix('(') {
            if depth == DEEPEST_MARKER {
                self.rest = "";
                return true;
            }
            self.rest = inner;
            let holds = self.any(depth + 1);
            self.rest = self.rest.trim_start();
            self.rest = self.rest.strip_prefix(')').unwrap_or(self.rest);
            return holds;
        }
        self.comparison()
    }

    /// Passes over `left op right` and says whether it can hold without an extra.
    fn comparison(&mut self) -> bool {
        let (mut extra, mut negated) = (false, false);
        loop {
            self.rest = self.rest.trim_start();
            let Some(first) = self.rest.chars().next() else { break };
            match first {
                ')' => break,
                '\'' | '"' => {
                    let quoted = &self.rest[1..];
                    self.rest = quoted.split_once(first).map_or("", |(_, after)| after);
                }
                c if is_name(c) => {
                    if self.at_word("and") || self.at_word("or") {
                        break;
                    }
                    extra |= self.at_word("extra") || self.at_word("extras");
                    negated |= self.at_word("not");
                    let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
                    self.rest = &self.rest[end..];
                }
                c => {
                    negated |= c == '!';
                    self.rest = &self.rest[c.len_utf8()..];
                }
            }
        }
        !extra || negated
    }

    fn at_word(&self, word: &str) -> bool {
        self.rest.strip_prefix(word).is_some_and(|after| !after.starts_with(is_name))
    }

    fn word(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.at_word(word);
        if found {
            self.rest = &self.rest[word.len()..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_pins() {
        for (text, name, pin) in [
            ("requests", "requests", None),
            ("requests==2.19.1", "requests", Some("2.19.1")),
            ("Requests [security,socks] === 2.19.1 ; python_version < '3'", "Requests", Some("2.19.1")),
            ("zope.interface (>=4.0,==4.1)", "zope.interface", Some("4.1")),
            ("a==1.*", "a", None),
            ("a>=1.0", "a", None),
            ("a == 1!2.0+cu118", "a", Some("1!2.0+cu118")),
            ("a @ https://pypi.example.com/a-1.0.tar.gz;x", "a", None),
            ("a@https://pypi.example.com/a-1.0-py3-none-any.whl#sha256=0 ; os_name == 'nt'", "a", Some("1.0")),
        ] {
            let requirement = Requirement::parse(text).unwrap();
            assert_eq!((requirement.name, requirement.pin()), (name, pin), "{text}");
        }
        for text in
            ["", "-r other.txt", "./local", "https://pypi.example.com/a.whl", "<html>", "two words", "a[b", "-a"]
        {
            assert_eq!(Requirement::parse(text), None, "{text}");
        }
    }

    #[test]
    fn extras_are_told_from_needs() {
        for (marker, only) in [
            ("extra == 'socks'", true),
            ("\"socks\" == extra", true),
            ("(python_version < '3' or os_name == 'nt') and extra == 'x'", true),
            ("extra == 'x' or extra == 'y'", true),
            ("extra == 'x' or python_version < '3'", false),
            ("extra != 'x'", false),
            ("python_version >= '3.8'", false),
            ("platform_machine == 'extra'", false),
            ("", false),
        ] {
            let text = format!("a; {marker}");
            assert_eq!(Requirement::parse(&text).unwrap().only_for_extra(), only, "{marker}");
        }
    }

    #[test]
    fn hostile_markers_end() {
        let text = format!("a; {}extra == 'x'", "(".repeat(1 << 20));
        assert!(!Requirement::parse(&text).unwrap().only_for_extra());
        let text = format!("a; {}", "and or ) ' \"".repeat(1 << 16));
        Requirement::parse(&text).unwrap().only_for_extra();
    }
}
