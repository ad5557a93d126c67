//! `pyproject.toml`: what a project asks for, in the standard's tables
//! (<https://packaging.python.org/en/latest/specifications/pyproject-toml/>, and `dependency-groups` beside it) and in
//! those of Poetry, uv and PDM. What is only needed to build (`build-system`) is not deployed and not read.

use super::{Entry, Extractor, Manifest, Sink, Want, file_name, folder_of};
use crate::formats::pep508::{Requirement, exact};
use crate::formats::toml_doc::{Table, TomlDoc, Value, flag, string, strings, table};
use crate::model::Ecosystem;

const ID: &str = "pyproject";

/// The extractor.
pub struct Pyproject;

impl Extractor for Pyproject {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "pyproject.toml"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let doc = TomlDoc::parse(entry.bytes);
        sink.lock_gaps.extend(doc.gap(entry.location, ID));
        let mut wants = Vec::new();
        standard(&doc.root, &mut wants);
        if let Some(tool) = table(&doc.root, "tool") {
            tools(tool, &mut wants);
        }
        // Most of these files only configure tools: they say nothing of what is direct.
        if !wants.is_empty() {
            let folder = folder_of(entry.location.innermost()).to_owned();
            sink.manifests.push(Manifest {
                location: entry.location.clone(),
                ecosystem: Ecosystem::PyPI,
                folder,
                name: None,
                wants,
            });
        }
    }
}

fn standard(root: &Table<'_>, wants: &mut Vec<Want>) {
    if let Some(project) = table(root, "project") {
        wants.extend(strings(project, "dependencies").filter_map(|line| want(line, false, false)));
        if let Some(extras) = table(project, "optional-dependencies") {
            wants.extend(listed(extras).filter_map(|line| want(line, false, true)));
        }
    }
    if let Some(groups) = table(root, "dependency-groups") {
        wants.extend(listed(groups).filter_map(|line| want(line, true, false)));
    }
}

fn tools(tool: &Table<'_>, wants: &mut Vec<Want>) {
    if let Some(poetry) = table(tool, "poetry") {
        wants.extend(poetry_wants(poetry, "dependencies", false));
        wants.extend(poetry_wants(poetry, "dev-dependencies", true));
        for (name, group) in table(poetry, "group").into_iter().flatten() {
            let dev = name.get_ref() != "main";
            wants.extend(
                group.get_ref().as_table().into_iter().flat_map(|group| poetry_wants(group, "dependencies", dev)),
            );
        }
    }
    if let Some(uv) = table(tool, "uv") {
        wants.extend(strings(uv, "dev-dependencies").filter_map(|line| want(line, true, false)));
    }
    if let Some(groups) = table(tool, "pdm").and_then(|pdm| table(pdm, "dev-dependencies")) {
        wants.extend(listed(groups).filter_map(|line| want(line, true, false)));
    }
}

/// The strings in every list of a table.
fn listed<'t>(groups: &'t Table<'_>) -> impl Iterator<Item = &'t str> {
    groups.values().filter_map(|list| list.get_ref().as_array()).flatten().filter_map(|line| line.get_ref().as_str())
}

fn want(line: &str, dev: bool, extra: bool) -> Option<Want> {
    let found = Requirement::parse(line)?;
    let optional = extra || found.marker.is_some();
    Some(Want { name: found.name.to_owned(), version: found.pin().map(str::to_owned), dev, optional })
}

/// Poetry's own notation: names to versions or tables; `python` is the interpreter.
fn poetry_wants<'t>(holder: &'t Table<'_>, key: &str, dev: bool) -> impl Iterator<Item = Want> + 't {
    let packages = table(holder, key).into_iter().flatten().filter(|(name, _)| name.get_ref() != "python");
    packages.map(move |(name, value)| {
        let (version, optional) = poetry_version(value);
        Want { name: name.get_ref().to_string(), version: version.and_then(poetry_pin), dev, optional }
    })
}

fn poetry_version<'t>(value: &'t Value<'_>) -> (Option<&'t str>, bool) {
    match value.get_ref().as_table() {
        Some(table) => {
            let conditional = ["markers", "python", "platform"].iter().any(|key| table.contains_key(*key));
            (string(table, "version"), conditional || flag(table, "optional") == Some(true))
        }
        None => (value.get_ref().as_str(), false),
    }
}

/// A bare version is exact in Poetry (<https://python-poetry.org/docs/dependency-specification/#exact-requirements>).
fn poetry_pin(version: &str) -> Option<String> {
    let bare = version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(['*', ',', ' ', '|']);
    if bare { Some(version.to_owned()) } else { exact(version).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::super::python_dist::tests::sink_of;
    use super::*;

    fn wants(text: &[u8]) -> Vec<String> {
        let sink = sink_of(&Pyproject, "app/pyproject.toml", text);
        let shown = |want: Want| {
            let version = want.version.unwrap_or_else(|| "-".to_owned());
            format!(
                "{} {version}{}{}",
                want.name,
                if want.dev { " dev" } else { "" },
                if want.optional { " optional" } else { "" }
            )
        };
        let mut wants: Vec<_> = sink.manifests.into_iter().flat_map(|manifest| manifest.wants).map(shown).collect();
        wants.sort();
        wants
    }

    #[test]
    fn the_standard_tables() {
        let text = br#"
[build-system]
requires = ["setuptools"]
[project]
name = "app"
dependencies = ["requests==2.19.1", "six>=1", "tzdata; os_name == 'nt'", 3]
[project.optional-dependencies]
yaml = ["PyYAML==5.3"]
[dependency-groups]
test = ["pytest", {include-group = "x"}]
[tool.uv]
dev-dependencies = ["ruff==0.1.0"]
[tool.pdm.dev-dependencies]
lint = ["black"]
"#;
        assert_eq!(
            wants(text),
            [
                "PyYAML 5.3 optional",
                "black - dev",
                "pytest - dev",
                "requests 2.19.1",
                "ruff 0.1.0 dev",
                "six -",
                "tzdata - optional",
            ]
        );
    }

    #[test]
    fn the_tables_of_poetry() {
        let text = br#"
[tool.poetry.dependencies]
python = "^3.8"
requests = "2.19.1"
six = "^1.0"
idna = {version = "==2.7", optional = true}
both = [{version = "1.0", python = "<3"}, {version = "2.0", python = ">=3"}]
[tool.poetry.dev-dependencies]
pytest = "*"
[tool.poetry.group.docs.dependencies]
sphinx = "4.*"
"#;
        assert_eq!(
            wants(text),
            ["both -", "idna 2.7 optional", "pytest - dev", "requests 2.19.1", "six -", "sphinx - dev"]
        );
    }

    #[test]
    fn a_file_that_only_configures_tools_asks_for_nothing() {
        assert!(sink_of(&Pyproject, "pyproject.toml", b"[tool.black]\nline-length = 120\n").manifests.is_empty());
    }
}
