//! Maven's project files: `pom.xml`, and the `pom.properties` that Maven writes beside it into a jar.
//!
//! <https://maven.apache.org/ref/current/maven-model/maven.html>. Group and version may be inherited from the parent that
//! the file itself names, and `${...}` may stand for properties of the same file. What a parent's own file or a profile
//! says is not there: a value that still holds a `${...}` is no value, and a dependency whose version is managed
//! elsewhere has none.

use std::collections::{BTreeMap, BTreeSet};

use crate::extract::Want;
use crate::formats::properties::properties;
use crate::formats::xml::{Malformed, Step, walk};

/// The most dependencies that are taken from one file.
const MOST_DEPENDENCIES: usize = 10_000;
/// The longest value, and the most `${...}` in it that are replaced: properties may name one another.
const LONGEST: usize = 512;
const MOST_EXPANSIONS: usize = 32;

/// Group, artifact and version, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::extract) struct Coordinates {
    pub group: Option<String>,
    pub artifact: Option<String>,
    pub version: Option<String>,
}

impl Coordinates {
    /// What it knows, then what `other` knows.
    pub fn or(self, other: Coordinates) -> Coordinates {
        Coordinates {
            group: self.group.or(other.group),
            artifact: self.artifact.or(other.artifact),
            version: self.version.or(other.version),
        }
    }
}

/// Reads `pom.properties`.
pub(in crate::extract) fn read_properties(bytes: &[u8]) -> Coordinates {
    let mut pairs: BTreeMap<String, String> = properties(bytes).into_iter().collect();
    let mut take = |key: &str| pairs.remove(key).and_then(|value| plain(&value));
    Coordinates { group: take("groupId"), artifact: take("artifactId"), version: take("version") }
}

/// What a `pom.xml` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::extract) struct Pom {
    /// Its own coordinates, the parent's where it has none.
    pub coordinates: Coordinates,
    /// What it asks for, as `group:artifact`.
    pub wants: Vec<Want>,
}

/// Reads `pom.xml`; what was read before an error stays.
pub(in crate::extract) fn read_pom(bytes: &[u8]) -> (Pom, Result<(), Malformed>) {
    let mut raw = Raw::default();
    let mut path: Vec<String> = Vec::new();
    let end = walk(bytes, |step| match step {
        Step::Open(name) => {
            path.push(name.to_owned());
            if raw.dependencies.len() < MOST_DEPENDENCIES && is(&path, &["project", "dependencies", "dependency"]) {
                raw.dependencies.push(BTreeMap::new());
            }
        }
        Step::Close(text) => {
            raw.take(&path, text);
            path.pop();
        }
    });
    (raw.resolve(), end)
}

fn is(path: &[String], expected: &[&str]) -> bool {
    path.len() == expected.len() && path.iter().zip(expected).all(|(part, expected)| part == expected)
}

/// The file's texts, before anything is resolved.
#[derive(Default)]
struct Raw {
    /// `groupId` and its like, those of the parent as `parent.groupId`, and the properties under their own names.
    values: BTreeMap<String, String>,
    dependencies: Vec<BTreeMap<String, String>>,
}

impl Raw {
    fn take(&mut self, path: &[String], text: &str) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            ["project", key @ ("groupId" | "artifactId" | "version")] => {
                self.values.insert(format!("project.{key}"), text.to_owned());
            }
            ["project", "parent", key @ ("groupId" | "version")] => {
                self.values.insert(format!("project.parent.{key}"), text.to_owned());
            }
            ["project", "properties", key] => {
                self.values.insert(key.to_owned(), text.to_owned());
            }
            ["project", "dependencies", "dependency", key] => {
                if let Some(dependency) = self.dependencies.last_mut() {
                    dependency.insert(key.to_owned(), text.to_owned());
                }
            }
            _ => {}
        }
    }

    fn resolve(self) -> Pom {
        let own = |key: &str| {
            let own = self.values.get(&format!("project.{key}")).and_then(|text| self.expand(text));
            own.or_else(|| self.values.get(&format!("project.parent.{key}")).and_then(|text| self.expand(text)))
        };
        let coordinates = Coordinates { group: own("groupId"), artifact: own("artifactId"), version: own("version") };
        Pom { wants: self.dependencies.iter().filter_map(|one| self.want(one)).collect(), coordinates }
    }

    fn want(&self, dependency: &BTreeMap<String, String>) -> Option<Want> {
        let value = |key: &str| dependency.get(key).and_then(|text| self.expand(text));
        let scope = value("scope");
        let scope = scope.as_deref().unwrap_or("compile");
        // What stands in for something else: a list of versions, a file on the author's machine.
        if matches!(scope, "import" | "system") {
            return None;
        }
        let name = format!("{}:{}", value("groupId")?, value("artifactId")?);
        // A range is no value. A pom or a bill of materials has no code that could be found.
        let version = value("version");
        let no_code = value("type").is_some_and(|kind| kind == "pom");
        let optional = scope == "provided" || no_code || value("optional").is_some_and(|flag| flag == "true");
        Some(Want { name, version, dev: scope == "test", optional })
    }

    /// Replaces `${...}`. `None` where one of them is unknown, or where they go round in circles.
    fn expand(&self, text: &str) -> Option<String> {
        let mut value = text.to_owned();
        for _ in 0..MOST_EXPANSIONS {
            let Some((before, rest)) = value.split_once("${") else { return plain(&value) };
            let (name, after) = rest.split_once('}')?;
            let property = self.property(name)?;
            // Looked at before it is copied: thousands of dependencies may name one property of many megabytes.
            if before.len() + property.len() + after.len() > LONGEST {
                return None;
            }
            value = format!("{before}{property}{after}");
        }
        None
    }

    fn property(&self, name: &str) -> Option<&str> {
        // `pom.` and no prefix at all are Maven's older spellings.
        let key = name.strip_prefix("pom.").or_else(|| name.strip_prefix("project.")).unwrap_or(name);
        let inherited = || self.values.get(&format!("project.parent.{key}"));
        let found = self.values.get(name).or_else(|| self.values.get(&format!("project.{key}"))).or_else(inherited);
        found.map(String::as_str)
    }
}

/// A value that can be part of a coordinate: letters, digits and a few marks. Neither a range nor a `${...}`.
pub(in crate::extract) fn plain(value: &str) -> Option<String> {
    let value = value.trim();
    let fine = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '~');
    (!value.is_empty() && value.len() <= LONGEST && value.chars().all(fine)).then(|| value.to_owned())
}

/// The names of what a package needs at run time.
pub(in crate::extract) fn needed(wants: &[Want]) -> BTreeSet<&str> {
    wants.iter().filter(|want| !want.dev && !want.optional).map(|want| want.name.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coordinates(text: &str) -> String {
        let Coordinates { group, artifact, version } = read_pom(text.as_bytes()).0.coordinates;
        [group, artifact, version].map(|part| part.unwrap_or_else(|| "-".to_owned())).join(":")
    }

    #[test]
    fn coordinates_are_inherited_and_resolved() {
        for (text, expected) in [
            ("<groupId>g</groupId><artifactId>a</artifactId><version>1</version>", "g:a:1"),
            (
                "<parent><groupId>g</groupId><artifactId>p</artifactId><version>2</version></parent><artifactId>a</artifactId>",
                "g:a:2",
            ),
            (
                "<groupId>g</groupId><artifactId>a${x}</artifactId><version>${revision}${changelist}</version>\
                 <properties><x>-b</x><revision>${y}.1</revision><y>3</y><changelist/></properties>",
                "g:a-b:3.1",
            ),
            (
                "<groupId>${project.parent.groupId}.x</groupId><artifactId>a</artifactId><version>${revision}</version>\
                 <parent><groupId>g</groupId><version>2</version></parent><properties><revision>${parent.version}</revision></properties>",
                "g.x:a:2",
            ),
            ("<groupId>g</groupId><artifactId>a</artifactId><version>${elsewhere}</version>", "g:a:-"),
            (
                "<groupId>g</groupId><artifactId>a</artifactId><version>${a}</version><properties><a>${a}</a></properties>",
                "g:a:-",
            ),
            ("<build><groupId>x</groupId></build><groupId>g</groupId><artifactId>a b</artifactId>", "g:-:-"),
            ("<groupId>g</groupId><artifactId>a</artifactId><version>1</versi", "g:a:-"),
        ] {
            let text = format!("<project xmlns='x'>{text}</project>");
            assert_eq!(coordinates(&text), expected, "{text}");
        }
    }

    #[test]
    fn properties_that_double_are_no_bomb() {
        let mut text = "<project><artifactId>${p0}</artifactId><properties>".to_owned();
        for i in 0..40 {
            text.push_str(&format!("<p{i}>${{p{0}}}${{p{0}}}</p{i}>", i + 1));
        }
        text.push_str("<p40>xxxxxxxxxx</p40></properties></project>");
        assert_eq!(coordinates(&text), "-:-:-");
    }

    #[test]
    fn dependencies_say_when_they_are_needed() {
        let dependency = |artifact: &str, more: &str| {
            format!(
                "<dependency><groupId>${{project.groupId}}</groupId><artifactId>{artifact}</artifactId>{more}</dependency>"
            )
        };
        let text = format!(
            "<project><groupId>g</groupId><properties><v>1</v></properties><dependencyManagement><dependencies>{}\
             </dependencies></dependencyManagement><dependencies>{}{}{}{}{}{}{}</dependencies></project>",
            dependency("managed", "<version>9</version>"),
            dependency(
                "a",
                "<version>${v}.0</version><exclusions><exclusion><artifactId>x</artifactId></exclusion></exclusions>"
            ),
            dependency("b", "<version>[1,2)</version><scope>runtime</scope>"),
            dependency("c", "<scope>test</scope>"),
            dependency("d", "<scope>provided</scope>"),
            dependency("e", "<optional>true</optional>"),
            dependency("f", "<scope>import</scope>"),
            dependency("h", "<version>${unknown}</version>"),
        );
        let wants = read_pom(text.as_bytes()).0.wants;
        let rows: Vec<_> =
            wants.iter().map(|want| (want.name.as_str(), want.version.as_deref(), want.dev, want.optional)).collect();
        assert_eq!(
            rows,
            [
                ("g:a", Some("1.0"), false, false),
                ("g:b", None, false, false),
                ("g:c", None, true, false),
                ("g:d", None, false, true),
                ("g:e", None, false, true),
                ("g:h", None, false, false),
            ]
        );
        assert_eq!(needed(&wants).into_iter().collect::<Vec<_>>(), ["g:a", "g:b", "g:h"]);
    }

    #[test]
    fn properties_beside_a_pom() {
        let read = read_properties(b"#Generated\nversion=2.0-SNAPSHOT\ngroupId=g.h\nartifactId=${a}\n");
        let expected = Coordinates { group: Some("g.h".into()), artifact: None, version: Some("2.0-SNAPSHOT".into()) };
        assert_eq!(read, expected);
    }
}
