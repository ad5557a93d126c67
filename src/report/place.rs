//! Locations in the words of a report.

use crate::model::{Artifact, ArtifactRole, Location, PackageId, parse_purl};

/// `fn.zip!lib/app.jar!META-INF/MANIFEST.MF`, with the artifact's file name.
pub fn display(location: &Location, artifacts: &[Artifact]) -> String {
    location.display(artifacts.get(location.artifact).map_or("?", |artifact| file_name(&artifact.path)))
}

/// The same with line and column, where they are known. A variable is one line that is found by its name.
pub fn exact(location: &Location, artifacts: &[Artifact]) -> String {
    let role = artifacts.get(location.artifact).map(|artifact| artifact.role);
    let span = location.span.filter(|_| role != Some(ArtifactRole::Environment));
    display(location, artifacts) + &span.map_or(String::new(), |span| format!(":{}:{}", span.line, span.column))
}

/// The file on disk that holds a place, as the user named it, and the line there: that of the place if it is in this
/// very file, 1 if it is inside an archive.
pub fn file(location: &Location, artifacts: &[Artifact]) -> (String, u64) {
    let Some(artifact) = artifacts.get(location.artifact) else {
        return ("?".to_owned(), 1);
    };
    let line = |found: bool| location.span.filter(|_| found).map_or(1, |span| span.line.max(1));
    match location.path.as_slice() {
        // No digest: a folder.
        [first, rest @ ..] if artifact.sha256.is_none() && artifact.role != ArtifactRole::Environment => {
            let folder = artifact.path.trim_end_matches(['/', '\\']);
            (format!("{folder}/{}", first.replace("%25", "%")), line(rest.is_empty()))
        }
        // One file that is no archive has itself as its only entry.
        [only] => (artifact.path.clone(), line(artifact.entries == 1 && only == file_name(&artifact.path))),
        _ => (artifact.path.clone(), 1),
    }
}

/// The last element of a path as the user typed it; all of it where there is none (`-`, `..`, `/`).
pub fn file_name(path: &str) -> &str {
    let name = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or(path);
    if matches!(name, "" | "." | "..") { path } else { name }
}

/// `requests 2.20.0`: a package in the words of its ecosystem.
pub fn package(id: &PackageId) -> String {
    match parse_purl(&id.0) {
        Some((_, name, Some(version))) => format!("{name} {version}"),
        Some((_, name, None)) => name,
        None => id.0.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_cut_to_its_last_element() {
        for (path, name) in
            [("a/b/fn.zip", "fn.zip"), ("fn.zip", "fn.zip"), ("-", "-"), ("dir/", "dir"), ("..", ".."), ("/", "/")]
        {
            assert_eq!(file_name(path), name);
        }
        assert_eq!(file_name("C:\\work\\fn.zip"), "fn.zip");
    }

    #[test]
    fn an_artifact_out_of_range_is_no_panic() {
        assert_eq!(display(&Location::artifact(7).child("a"), &[]), "?!a");
    }

    #[test]
    fn packages_are_named_as_people_name_them() {
        let name = |id: &str| package(&PackageId(id.to_owned()));
        assert_eq!(name("pkg:npm/%40acme/a@1.0.0#shadowed"), "@acme/a 1.0.0");
        assert_eq!(name("pkg:pypi/requests"), "requests");
        assert_eq!(name("of another kind"), "of another kind");
    }
}
