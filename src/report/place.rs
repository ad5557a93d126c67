//! Locations in the words of a report.

use crate::model::{Artifact, Location, PackageId, parse_purl};

/// `fn.zip!lib/app.jar!META-INF/MANIFEST.MF`, with the artifact's file name.
pub fn display(location: &Location, artifacts: &[Artifact]) -> String {
    location.display(artifacts.get(location.artifact).map_or("?", |artifact| file_name(&artifact.path)))
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
