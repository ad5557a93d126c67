use super::*;
use crate::extract::{Extractor, Manifest, Want};
use crate::model::{GapKind, Span};

fn place(path: &str) -> Location {
    path.split('!').fold(Location::artifact(0), |place, part| place.child(part))
}

/// An installed package at `archive!folder`, with its claim.
fn install(sink: &mut Sink, ecosystem: Ecosystem, at: &str, name: &str, version: &str) {
    let location = place(&format!("{at}/package.json"));
    let unit = folder_of(location.innermost()).to_owned();
    let version = Some(version.to_owned()).filter(|version| !version.is_empty());
    sink.installed(Package::new(ecosystem, name, version, Evidence::Installed, location.clone()), unit.clone());
    sink.claims.push(Claim { location, unit: unit.clone(), owns: Owns::Folder(unit) });
}

fn lock(sink: &mut Sink, at: &str, name: &str, version: Option<&str>) -> usize {
    let package = Package::new(Ecosystem::Npm, name, version.map(str::to_owned), Evidence::Locked, place(at));
    sink.locked(package, None);
    sink.found.len() - 1
}

fn manifest(sink: &mut Sink, ecosystem: Ecosystem, at: &str, wants: &[(&str, Option<&str>)]) {
    let location = place(at);
    let folder = folder_of(location.innermost()).to_owned();
    let wants = wants
        .iter()
        .map(|(name, version)| Want {
            name: (*name).to_owned(),
            version: version.map(str::to_owned),
            dev: false,
            optional: false,
        })
        .collect();
    sink.manifests.push(Manifest { location, ecosystem, folder, name: None, wants });
}

fn rows(joined: &Joined) -> Vec<(String, &'static str, Option<bool>, bool)> {
    let row = |p: &Package| {
        let id = format!("{}@{}", p.name, p.version.as_deref().unwrap_or("?"));
        (id, p.evidence.word(), p.direct, p.beside_installed)
    };
    joined.packages.iter().map(row).collect()
}

fn row(
    id: &str,
    evidence: &'static str,
    direct: Option<bool>,
    beside: bool,
) -> (String, &'static str, Option<bool>, bool) {
    (id.to_owned(), evidence, direct, beside)
}

const NPM: Ecosystem = Ecosystem::Npm;
const PYPI: Ecosystem = Ecosystem::PyPI;

#[test]
fn lock_files_of_installed_packages_are_dropped_with_their_gaps() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "node_modules/a", "a", "1.0.0");
    lock(&mut sink, "node_modules/a/yarn.lock", "x", Some("1.0.0"));
    lock(&mut sink, "node_modules/a/t.zip!yarn.lock", "y", Some("1.0.0"));
    lock(&mut sink, "node_modules/.package-lock.json", "a", Some("1.0.0"));
    lock(&mut sink, "node_modules/.package-lock.json", "gone", Some("2.0.0"));
    manifest(&mut sink, NPM, "node_modules/a/sub/package.json", &[("z", Some("1.0.0"))]);
    for path in ["node_modules/a/test/package-lock.json", "package-lock.json"] {
        sink.lock_gaps.push(Gap::blocking(GapKind::Malformed, place(path), "npm-lock", "bad"));
    }
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(rows(&joined), [row("a@1.0.0", "installed", None, false), row("gone@2.0.0", "locked", None, true)]);
    assert_eq!(joined.packages[0].locations.len(), 2);
    assert_eq!(joined.gaps.iter().map(|gap| gap.location.innermost()).collect::<Vec<_>>(), ["package-lock.json"]);
}

#[test]
fn one_name_and_version_is_one_package() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "b/node_modules/a", "a", "1.0.0");
    install(&mut sink, NPM, "node_modules/a", "a", "v1.0.0");
    install(&mut sink, NPM, "node_modules/b/node_modules/a", "a", "2.0.0");
    sink.found[0].package.requires = vec!["z".to_owned(), "c".to_owned()];
    sink.found[1].package.requires = vec!["c".to_owned()];
    let at = lock(&mut sink, "package-lock.json", "a", Some("1.0.0"));
    let span = Span { offset: 1, length: 1, line: 1, column: 2 };
    sink.found[at].package.locations[0].span = Some(span);
    sink.found[at].package.direct = Some(true);
    sink.found[at].package.dev = Some(true);
    let at = lock(&mut sink, "package-lock.json", "a", Some("2.0.0"));
    sink.found[at].package.direct = Some(false);
    sink.found[at].package.dev = Some(false);
    lock(&mut sink, "package-lock.json", "g", None);
    install(&mut sink, NPM, "node_modules/g", "g", "3.0.0");
    sink.found.reverse();
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(
        rows(&joined),
        [
            row("a@1.0.0", "installed", Some(true), false),
            row("a@2.0.0", "installed", Some(false), false),
            row("g@3.0.0", "installed", None, false),
        ]
    );
    let first = &joined.packages[0];
    assert_eq!(
        first.locations.iter().map(Location::innermost).collect::<Vec<_>>(),
        ["b/node_modules/a/package.json", "node_modules/a/package.json", "package-lock.json"]
    );
    assert_eq!((first.dev, first.requires.as_slice()), (Some(true), ["c".to_owned(), "z".to_owned()].as_slice()));
    assert_eq!(joined.packages[1].dev, Some(false));
}

#[test]
fn locked_stands_beside_installed_only_in_its_own_tree() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "svc/node_modules/a", "a", "1.0.0");
    install(&mut sink, PYPI, "other/b.dist-info", "b", "1.0.0");
    lock(&mut sink, "svc/yarn.lock", "x", Some("1.0.0"));
    lock(&mut sink, "svc-other/yarn.lock", "y", Some("1.0.0"));
    lock(&mut sink, "other/yarn.lock", "z", Some("1.0.0"));
    lock(&mut sink, "yarn.lock", "r", Some("1.0.0"));
    lock(&mut sink, "in.zip!yarn.lock", "n", Some("1.0.0"));
    // Named by a lock file that stands alone too: a reason to stop.
    lock(&mut sink, "svc/yarn.lock", "n", Some("1.0.0"));
    let joined = join(sink, &LockedVersions::default());
    let beside: Vec<_> = joined.packages.iter().filter(|p| p.beside_installed).map(|p| p.name.as_str()).collect();
    assert_eq!(beside, ["r", "x"]);
}

#[test]
fn node_resolves_what_a_manifest_means() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "node_modules/a", "a", "1.0.0");
    install(&mut sink, NPM, "node_modules/b", "b", "1.0.0");
    install(&mut sink, NPM, "packages/w/node_modules/a", "a", "2.0.0");
    install(&mut sink, NPM, "node_modules/b/node_modules/c", "c", "1.0.0");
    install(&mut sink, NPM, "alone/node_modules/d", "d", "1.0.0");
    manifest(&mut sink, NPM, "packages/w/package.json", &[("a", None), ("b", None)]);
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(
        rows(&joined),
        [
            row("a@1.0.0", "installed", Some(false), false),
            row("a@2.0.0", "installed", Some(true), false),
            row("b@1.0.0", "installed", Some(true), false),
            row("c@1.0.0", "installed", Some(false), false),
            row("d@1.0.0", "installed", None, false),
        ]
    );
}

#[test]
fn names_decide_where_no_folder_does() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "node_modules/.pnpm/a@1.0.0/node_modules/a", "a", "1.0.0");
    install(&mut sink, NPM, "node_modules/.pnpm/b@1.0.0/node_modules/b", "b", "1.0.0");
    install(&mut sink, NPM, "node_modules/.pnpm/b@2.0.0/node_modules/b", "b", "2.0.0");
    install(&mut sink, NPM, "node_modules/.pnpm/c@2.0.0/node_modules/c", "c", "2.0.0");
    manifest(&mut sink, NPM, "package.json", &[("a", None), ("b", None)]);
    install(&mut sink, PYPI, "lib.zip!six.dist-info", "six", "1.16.0");
    install(&mut sink, PYPI, "PyYAML.dist-info", "PyYAML", "5.3");
    install(&mut sink, PYPI, "idna.dist-info", "idna", "2.0");
    manifest(&mut sink, PYPI, "requirements.txt", &[("pyyaml", Some("5.3.0")), ("six", None)]);
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(
        rows(&joined),
        [
            row("a@1.0.0", "installed", Some(true), false),
            row("b@1.0.0", "installed", None, false),
            row("b@2.0.0", "installed", None, false),
            row("c@2.0.0", "installed", Some(false), false),
            row("idna@2.0", "installed", Some(false), false),
            row("PyYAML@5.3", "installed", Some(true), false),
            row("six@1.16.0", "installed", Some(true), false),
        ]
    );
}

#[test]
fn what_nothing_gives_is_declared() {
    let mut sink = Sink::default();
    install(&mut sink, NPM, "node_modules/a", "a", "1.0.0");
    lock(&mut sink, "yarn.lock", "b", Some("1.0.0"));
    manifest(
        &mut sink,
        NPM,
        "package.json",
        &[("a", Some("1.5.0")), ("b", Some("1.0.0")), ("c", None), ("d", Some("4.0.0")), ("e", None)],
    );
    sink.manifests[0].wants[4].optional = true;
    manifest(&mut sink, NPM, "bare.zip!package.json", &[("f", Some("1.0.0"))]);
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(
        rows(&joined),
        [
            row("a@1.0.0", "installed", Some(true), false),
            row("a@1.5.0", "declared", Some(true), true),
            row("b@1.0.0", "locked", Some(true), true),
            row("c@?", "declared", Some(true), true),
            row("d@4.0.0", "declared", Some(true), true),
            row("f@1.0.0", "declared", Some(true), false),
        ]
    );
}

#[test]
fn version_1_locks_learn_from_the_manifest() {
    let mut sink = Sink::default();
    let bytes = br#"{"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"2.0.0"}}},"b":{"version":"1.0.0"}}}"#;
    let location = place("svc/package-lock.json");
    crate::extract::npm_lock::NpmLock.extract(&crate::extract::Entry { location: &location, bytes }, &mut sink);
    manifest(&mut sink, NPM, "svc/package.json", &[("b", None)]);
    let joined = join(sink, &LockedVersions::default());
    assert_eq!(
        rows(&joined),
        [
            row("a@1.0.0", "locked", Some(false), false),
            row("b@1.0.0", "locked", Some(true), false),
            row("b@2.0.0", "locked", Some(false), false),
        ]
    );
}

#[test]
fn a_claim_without_its_package_owns_nothing() {
    let mut sink = Sink::default();
    let location = place("lib/x.dist-info/RECORD");
    sink.claims.push(Claim { location, unit: "lib/x.dist-info".to_owned(), owns: Owns::Folder("lib".to_owned()) });
    lock(&mut sink, "lib/yarn.lock", "a", Some("1.0.0"));
    assert_eq!(join(sink, &LockedVersions::default()).packages.len(), 1);
}

#[test]
fn many_entries_of_one_name_take_linear_time() {
    let mut sink = Sink::default();
    for i in 0..30_000 {
        lock(&mut sink, "yarn.lock", "a", Some(&format!("1.0.{i}")));
        install(&mut sink, PYPI, &format!("x{i}/a.dist-info"), "a", &format!("1.0.{i}"));
    }
    let wants: Vec<String> = (0..30_000).map(|i| format!("2.0.{i}")).collect();
    let wants: Vec<(&str, Option<&str>)> = wants.iter().map(|version| ("a", Some(version.as_str()))).collect();
    manifest(&mut sink, PYPI, "requirements.txt", &wants);
    manifest(&mut sink, NPM, "package.json", &wants);
    let start = crate::formats::clock::spent();
    assert_eq!(join(sink, &LockedVersions::default()).packages.len(), 120_000);
    assert!((crate::formats::clock::spent() - start).as_secs() < 20);
}

#[test]
fn what_is_compiled_into_another_ecosystems_package_says_so() {
    let mut sink = Sink::default();
    install(&mut sink, PYPI, "fast", "fast", "1.0");
    for (name, at) in [("inside", "fast/_fast.so"), ("both", "fast/_fast.so"), ("both", "bootstrap"), ("own", "own.so")]
    {
        let version = Some("1.0.0".to_owned());
        let package = Package::new(Ecosystem::CratesIo, name, version, Evidence::Binary, place(at));
        sink.installed(package, at);
    }
    // A jar that a wheel brings along is loaded as it is.
    let jar = Package::new(Ecosystem::Maven, "g:a", Some("1".to_owned()), Evidence::Embedded, place("fast/a.jar"));
    sink.installed(jar, "fast/a.jar");
    let joined = join(sink, &LockedVersions::default());
    let compiled_in: Vec<_> = joined.packages.iter().filter(|p| p.compiled_in).map(|p| p.name.as_str()).collect();
    assert_eq!(compiled_in, ["inside"]);
}
