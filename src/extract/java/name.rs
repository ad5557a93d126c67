//! What the names around a jar prove of its group, artifact and version: the file's name and the manifest's hints.

use super::facts::{Classes, Manifest};
use super::known::known;
use super::pom::{Coordinates, plain};

/// Groups that many projects write as their vendor although their artifacts are published under longer ones. Nor does
/// it say much of two packages that both begin so.
pub(super) const VENDORS: [&str; 10] = [
    "org.apache",
    "com.google",
    "com.sun",
    "com.oracle",
    "com.ibm",
    "org.eclipse",
    "org.jboss",
    "org.glassfish",
    "org.codehaus",
    "com.github",
];

/// What a file's name says, its last extension cut.
pub(super) fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// How a file's name fits a package, better first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    /// `artifact-version` or `artifact-version-classifier`
    Exact,
    /// `artifact`
    Artifact,
    /// `artifact` and another version: renamed, or a snapshot with its date.
    OtherVersion,
}

/// Fits a file's stem to a package; with its group in front, too, as Quarkus and OSGi containers name jars.
pub(super) fn fit(stem: &str, group: &str, artifact: &str, version: Option<&str>) -> Option<Fit> {
    let stem = stem.strip_prefix(group).and_then(|rest| rest.strip_prefix('.')).unwrap_or(stem);
    let rest = stem.strip_prefix(artifact)?;
    if rest.is_empty() {
        return Some(Fit::Artifact);
    }
    let rest = rest.strip_prefix('-')?;
    let exact = version
        .and_then(|version| rest.strip_prefix(version))
        .is_some_and(|rest| matches!(rest.as_bytes(), [] | [b'-', ..]));
    match rest.bytes().next() {
        _ if exact => Some(Fit::Exact),
        Some(b'0'..=b'9') => Some(Fit::OtherVersion),
        _ => None,
    }
}

/// Whether a jar holds no code that the package runs: its sources, its documentation, its tests.
pub(super) fn is_side_jar(stem: &str, artifact: &str, version: Option<&str>) -> bool {
    let rest = stem.strip_prefix(artifact).and_then(|rest| rest.strip_prefix('-'));
    let rest = match version {
        Some(version) => rest.and_then(|rest| rest.strip_prefix(version)).and_then(|rest| rest.strip_prefix('-')),
        None => rest,
    };
    matches!(rest, Some("sources" | "javadoc" | "tests" | "test-sources" | "test-javadoc"))
}

/// The name that Maven's bundle plugin makes of group and artifact: what both have in common stands once
/// (<https://felix.apache.org/documentation/subprojects/apache-felix-maven-bundle-plugin-bnd.html>).
pub(super) fn bundle_name(group: &str, artifact: &str) -> String {
    let last = group.rsplit('.').next().unwrap_or(group);
    if artifact == last || artifact.strip_prefix(group).is_some_and(|rest| rest.starts_with('.')) {
        return if artifact == last { group.to_owned() } else { artifact.to_owned() };
    }
    match artifact.strip_prefix(last).and_then(|rest| rest.strip_prefix(['-', '.'])) {
        Some(rest) => format!("{group}.{rest}"),
        None => format!("{group}.{artifact}"),
    }
}

/// The group that a bundle of this name and artifact has, by the same rule.
fn group_of_bundle<'a>(bundle: &'a str, artifact: &str) -> Option<&'a str> {
    if let Some(group) = bundle.strip_suffix(artifact).and_then(|group| group.strip_suffix('.')) {
        return Some(group);
    }
    // `io.netty` and `netty-codec` make `io.netty.codec`.
    let dashes = artifact.match_indices(['-', '.']).filter_map(|(at, _)| {
        let group = bundle.strip_suffix(&artifact[at + 1..])?.strip_suffix('.')?;
        (group.rsplit('.').next() == Some(&artifact[..at])).then_some(group)
    });
    dashes.into_iter().next()
}

/// Whether a manifest means this package.
pub(super) fn mentions(manifest: &Manifest, group: &str, artifact: &str) -> bool {
    let title = manifest.title.as_deref() == Some(artifact);
    title
        || manifest.bundle.as_deref().is_some_and(|bundle| bundle == artifact || bundle == bundle_name(group, artifact))
}

/// What a jar without a pom of its own is, as far as more than one of its names agree.
///
/// The result has a group only where it is proven: by the table of well-known libraries together with the classes or the
/// manifest, by the rule of bundles, or by the vendor that Maven writes. Without a group it is what the file calls itself.
pub(super) fn identify(stem: &str, manifest: &Manifest, classes: &Classes) -> Option<Coordinates> {
    let here: Vec<usize> = classes.known.keys().filter(|(_, moved)| !moved).map(|(prefix, _)| *prefix).collect();
    let has_classes = |name: &str| here.iter().any(|&prefix| known().owners(prefix).any(|owner| owner == name));
    let title = manifest.title.as_deref().and_then(plain);
    let named = stem_artifacts(stem);

    // 1. Well known by name, and its classes or another of its names agree.
    for artifact in title.as_deref().into_iter().chain(named.iter().copied()) {
        let mut found = known().artifact(artifact);
        if found.len() > 1 || !(manifest.title.as_deref() == Some(artifact) && named.contains(&artifact)) {
            found.retain(|name| has_classes(name) || bundled(manifest, name) || vendor(manifest, name));
        }
        if let [name] = &found[..] {
            return Some(coordinates(name, stem, manifest));
        }
    }
    // 2. The bundle or the module is called like a package that is one library's own.
    for name in [&manifest.bundle, &manifest.module].into_iter().flatten() {
        if let Some(name) = known().symbol(name) {
            return Some(coordinates(name, stem, manifest));
        }
        let owners: Vec<_> = known().package(name).into_iter().flat_map(|prefix| known().owners(prefix)).collect();
        if let [owner] = owners[..]
            && has_classes(owner)
        {
            return Some(coordinates(owner, stem, manifest));
        }
    }
    // 3. The group follows from the manifest.
    let artifact = title.as_deref().filter(|title| named.contains(title)).or_else(|| named.last().copied())?;
    let of_bundle = manifest.bundle.as_deref().and_then(|bundle| group_of_bundle(bundle, artifact));
    let group =
        of_bundle.or(manifest.vendor_id.as_deref()).filter(|group| group.contains('.') && !VENDORS.contains(group));
    match group.and_then(plain) {
        Some(group) => Some(coordinates(&format!("{group}:{artifact}"), stem, manifest)),
        // A name alone counts only where a version stands behind it.
        None => {
            let version = stem.strip_prefix(artifact).and_then(|rest| rest.strip_prefix('-')).and_then(version);
            version.map(|version| Coordinates { group: None, artifact: plain(artifact), version: Some(version) })
        }
    }
}

fn bundled(manifest: &Manifest, name: &str) -> bool {
    let Some((group, artifact)) = name.split_once(':') else { return false };
    manifest.bundle.as_deref() == Some(&bundle_name(group, artifact))
}

fn vendor(manifest: &Manifest, name: &str) -> bool {
    name.split_once(':').is_some_and(|(group, _)| manifest.vendor_id.as_deref() == Some(group))
}

/// Every name that a stem can begin with: all of it, then what stands before each `-` and a digit, longest first.
fn stem_artifacts(stem: &str) -> Vec<&str> {
    let digits = stem.rmatch_indices('-').filter(|(at, _)| stem.as_bytes().get(at + 1).is_some_and(u8::is_ascii_digit));
    let before = digits.map(|(at, _)| &stem[..at]).filter(|name| !name.is_empty());
    std::iter::once(stem).chain(before).take(8).collect()
}

fn coordinates(name: &str, stem: &str, manifest: &Manifest) -> Coordinates {
    let (group, artifact) = name.split_once(':').unwrap_or((name, name));
    // The file's name first: Maven gives it, and a manifest may speak of a specification or mangle it for OSGi.
    let of_file = stem.strip_prefix(artifact).and_then(|rest| rest.strip_prefix('-')).and_then(version);
    let of_manifest =
        [&manifest.version, &manifest.bundle_version].into_iter().flatten().find_map(|text| version(text));
    let of_stem = || stem_artifacts(stem).last().and_then(|name| version(stem.strip_prefix(name)?.strip_prefix('-')?));
    // `log4j-1.2-1.2.17`: part of what looks like the version is a name.
    let of_file = of_file.filter(|file| {
        !of_manifest.as_ref().is_some_and(|own| file.strip_suffix(own).is_some_and(|rest| rest.ends_with('-')))
    });
    Coordinates {
        group: Some(group.to_owned()),
        artifact: Some(artifact.to_owned()),
        version: of_file.or(of_manifest).or_else(of_stem),
    }
}

/// A text that can be a version: it begins with a digit, and no placeholder (`3.x`) stands in for one.
fn version(text: &str) -> Option<String> {
    let placeholder = text.split(['.', '-']).any(|part| part.eq_ignore_ascii_case("x"));
    plain(text).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()) && !placeholder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Manifest {
        let mut manifest = Manifest::default();
        for (key, value) in text.split_whitespace().filter_map(|pair| pair.split_once('=')) {
            let value = Some(value.replace('_', " "));
            match key {
                "title" => manifest.title = value,
                "version" => manifest.version = value,
                "vendor" => manifest.vendor_id = value,
                "bundle" => manifest.bundle = value,
                "bundle-version" => manifest.bundle_version = value,
                _ => manifest.module = value,
            }
        }
        manifest
    }

    fn classes(paths: &[&str]) -> Classes {
        let mut classes = Classes::default();
        for path in paths {
            match known().find(path) {
                Some(hit) => classes.know((hit.prefix, hit.start > 0), String::new()),
                None => drop(classes.roots.insert((*path).to_owned())),
            }
        }
        classes
    }

    fn identity(stem: &str, text: &str, paths: &[&str]) -> Option<String> {
        let found = identify(stem, &manifest(text), &classes(paths))?;
        Some([found.group, found.artifact, found.version].map(|part| part.unwrap_or_else(|| "-".to_owned())).join(":"))
    }

    #[test]
    fn a_files_name_fits_the_longest_artifact() {
        let fit = |stem: &str| fit(stem, "g.h", "log4j-core", Some("2.0-rc1"));
        assert_eq!(fit("log4j-core"), Some(Fit::Artifact));
        assert_eq!(fit("log4j-core-2.0-rc1"), Some(Fit::Exact));
        assert_eq!(fit("g.h.log4j-core-2.0-rc1-osgi"), Some(Fit::Exact));
        assert_eq!(fit("log4j-core-2.0-rc12"), Some(Fit::OtherVersion));
        assert_eq!(fit("log4j-core-its"), None);
        assert_eq!(fit("log4j"), None);
    }

    #[test]
    fn sources_and_tests_are_no_copies() {
        assert!(is_side_jar("a-1.0-sources", "a", Some("1.0")));
        assert!(is_side_jar("a-tests", "a", None));
        assert!(!is_side_jar("a-1.0-linux-x86_64", "a", Some("1.0")));
        assert!(!is_side_jar("b-tests", "a", None));
    }

    #[test]
    fn the_rule_of_bundles_and_back() {
        for (group, artifact, bundle) in [
            ("io.netty", "netty-codec-http", "io.netty.codec-http"),
            ("org.apache.logging.log4j", "log4j-core", "org.apache.logging.log4j.core"),
            ("com.fasterxml.jackson.core", "jackson-databind", "com.fasterxml.jackson.core.jackson-databind"),
        ] {
            assert_eq!(bundle_name(group, artifact), bundle);
            assert_eq!(group_of_bundle(bundle, artifact), Some(group));
        }
        assert_eq!(bundle_name("com.google.guava", "guava"), "com.google.guava");
        assert_eq!(bundle_name("org.eclipse.jgit", "org.eclipse.jgit.ssh"), "org.eclipse.jgit.ssh");
    }

    #[test]
    fn names_that_agree_are_an_identity() {
        for (stem, text, paths, expected) in [
            (
                "spring3-core-3.x",
                "title=spring-core version=4.3.30.RELEASE",
                &["org/springframework/core/A"][..],
                Some("org.springframework:spring-core:4.3.30.RELEASE"),
            ),
            (
                "commons-collections3-3.2.2",
                "title=Commons_Collections version=3.2.2 bundle=org.apache.commons.collections",
                &["org/apache/commons/collections/A"],
                Some("commons-collections:commons-collections:3.2.2"),
            ),
            (
                "postgresql",
                "title=PostgreSQL_JDBC_Driver version=42.5.5 vendor=org.postgresql",
                &["org/postgresql/Driver"],
                Some("org.postgresql:postgresql:42.5.5"),
            ),
            ("log4j-1.2.17", "", &["org/apache/log4j/Logger"], Some("log4j:log4j:1.2.17")),
            ("log4j-1.2-1.2.17", "bundle-version=1.2.17", &["org/apache/log4j/Logger"], Some("log4j:log4j:1.2.17")),
            ("asm-9.4", "module=org.objectweb.asm", &[], Some("org.ow2.asm:asm:9.4")),
            ("log4j-1.2.17", "", &["com/example/A"], Some("-:log4j:1.2.17")),
            (
                "netty-3.10.6.Final",
                "vendor=org.jboss.netty",
                &["org/jboss/netty/A"],
                Some("org.jboss.netty:netty:3.10.6.Final"),
            ),
            ("netty-3.10.6.Final", "", &["org/jboss/netty/A"], Some("-:netty:3.10.6.Final")),
            (
                "spring-boot-starter-web-2.7.0",
                "title=spring-boot-starter-web version=2.7.0",
                &[],
                Some("org.springframework.boot:spring-boot-starter-web:2.7.0"),
            ),
            ("thing-1.0", "bundle=org.example.thing bundle-version=1.0.0", &[], Some("org.example:thing:1.0")),
            ("thing", "vendor=org.apache version=1.0", &[], None),
            ("thing-1.0", "vendor=org.apache version=1.0", &[], Some("-:thing:1.0")),
            ("json", "", &["org/other/json/A"], None),
            ("json-20210307", "", &["org/json/JSONObject"], Some("org.json:json:20210307")),
            ("app", "title=app version=1.0", &["com/example/A", "org/yaml/snakeyaml/Yaml"], None),
            (
                "kotlin-stdlib-1.9.0",
                "title=kotlin-stdlib version=1.9.0-release-358(1.9.0)",
                &["kotlin/io/A"],
                Some("org.jetbrains.kotlin:kotlin-stdlib:1.9.0"),
            ),
        ] {
            assert_eq!(identity(stem, text, paths).as_deref(), expected, "{stem} {text}");
        }
    }
}
