//! What each ecosystem's order of versions, and its spelling of names, makes of ranges.

use super::*;

#[test]
fn python_names_and_versions() {
    let cache = Cache::of(&[
        simple("X-1", PyPI, "Zope_Interface", "introduced 0 fixed 2.0"),
        simple("X-2", PyPI, "epoch", "introduced 1!1.0 fixed 1!2.0"),
    ]);
    for name in ["zope.interface", "ZOPE-interface", "zope__interface"] {
        let lines = [
            ("1.9", true),
            ("2.0.dev1", true),
            ("2.0rc1", true),
            ("2.0", false),
            ("2", false),
            ("2.0.post1", false),
            ("2.0+cu118", false),
            ("1.9+cu118", true),
        ];
        cache.says(PyPI, name, &lines);
    }
    cache.says(PyPI, "epoch", &[("5.0", false), ("1!1.5", true), ("1!2.0.0", false)]);
    let (found, gaps) = cache.matched(&package(PyPI, "epoch", Some("2004d-final")));
    assert_eq!((found.len(), gaps.len()), (0, 1), "a legacy text lies in no range, and that is said");
}

#[test]
fn maven_qualifiers() {
    let cache = Cache::of(&[
        simple("X-1", Maven, "g:a", "introduced 1.0 fixed 2.0"),
        simple("X-2", Maven, "g:milestones", "introduced 1.0-M1 last_affected 1.0-rc2"),
    ]);
    let lines = [
        ("1", true),
        ("1.0-SNAPSHOT", false),
        ("1.0.Final", true),
        ("1-ga", true),
        ("1.0.RELEASE", true),
        ("2.0-alpha-1", true),
        ("2.0-a1", true),
        ("2.0-SNAPSHOT", true),
        ("2", false),
        ("2.0.0", false),
        ("2.0.GA", false),
        ("2.0-sp1", false),
        ("2.0-jre", false),
    ];
    cache.says(Maven, "g:a", &lines);
    let lines = [("1.0-beta9", false), ("1.0-milestone-1", true), ("1.0-cr2", true), ("1.0-RC2", true), ("1.0", false)];
    cache.says(Maven, "g:milestones", &lines);
    cache.says(Maven, "G:A", &[("1.5", false)]);
}

#[test]
fn semantic_versions() {
    for ecosystem in [Npm, CratesIo] {
        let cache = Cache::of(&[simple("X-1", ecosystem, "x", "introduced 1.0.0 fixed 2.0.0")]);
        let lines = [
            ("v1.0.0", true),
            ("1.0.0-rc.1", false),
            ("2.0.0-rc.1", true),
            ("2.0.0-0", true),
            ("2.0.0", false),
            ("2.0.0+build", false),
            ("1.99999999999999999999999.0", true),
        ];
        cache.says(ecosystem, "x", &lines);
        cache.says(ecosystem, "X", &[("1.5.0", false)]);
    }
}

#[test]
fn nuget_versions_and_names() {
    let cache = Cache::of(&[simple("X-1", NuGet, "Some.Package", "introduced 1.0.0 fixed 2.0.0.5")]);
    for name in ["Some.Package", "some.package", "SOME.PACKAGE"] {
        let lines = [
            ("1.0", true),
            ("1.0.0.0", true),
            ("1.0.0-RC1", false),
            ("2.0.0", true),
            ("2.0.0.4+meta", true),
            ("2.0.0.5-BETA", true),
            ("2.0.0.5", false),
        ];
        cache.says(NuGet, name, &lines);
    }
}

#[test]
fn gems_with_letters_and_platforms() {
    let cache = Cache::of(&[simple("X-1", RubyGems, "x", "introduced 1.0 fixed 1.16.2")]);
    let lines = [
        ("1.0.0", true),
        ("1.0.a", false),
        ("1.0.0.pre1", false),
        ("1.16.2.rc1", true),
        ("1.16.2", false),
        ("1.16.1-x86_64-linux", true),
        ("1.16.2-x86_64-linux", false),
        ("1.16.2-java", false),
    ];
    cache.says(RubyGems, "x", &lines);
}

#[test]
fn packagist_names_and_stabilities() {
    let cache = Cache::of(&[simple("X-1", Packagist, "Vendor/Package", "introduced 1.0.0 fixed 2.0.1")]);
    for name in ["vendor/package", "Vendor/Package"] {
        let lines = [
            ("v1.0.0", true),
            ("1.0.0-RC1", false),
            ("1.0", true),
            ("1.0.0-pl1", true),
            ("2.0.1-beta2", true),
            ("2.0.1-dev", true),
            ("2.0.1", false),
            ("2.0.1-p1", false),
            ("2.0.1.0", false),
        ];
        cache.says(Packagist, name, &lines);
    }
    let (found, gaps) = cache.matched(&package(Packagist, "vendor/package", Some("dev-main")));
    assert_eq!((found.len(), gaps.len()), (0, 1), "a branch lies in no range, and that is said");
}

#[test]
fn go_releases_and_pseudo_versions() {
    let cache = Cache::of(&[
        simple("GO-1", Go, "stdlib", "introduced 0 fixed 1.20.12 introduced 1.21.0-0 fixed 1.21.5"),
        simple("GO-2", Go, "toolchain", "introduced 0 fixed 1.21.5"),
        simple("GO-3", Go, "example.com/m/v2", "introduced 2.0.0 fixed 2.1.1-0.20231016150651-428517fef5b9"),
        simple("GO-4", Go, "example.com/old", "introduced 0 fixed 3.2.0+incompatible"),
    ]);
    let lines = [
        ("go1.20.11", true),
        ("1.20.12", false),
        ("go1.21rc2", true),
        ("go1.21", true),
        ("go1.21.4 X:boringcrypto", true),
        ("go1.21.5 (vendor)", false),
        ("go1.22", false),
    ];
    cache.says(Go, "stdlib", &lines);
    cache.says(
        Go,
        "example.com/m/v2",
        &[("v2.1.0", true), ("v2.1.1-0.20230101000000-aaaaaaaaaaaa", true), ("v2.1.1", false)],
    );
    cache.says(Go, "example.com/m", &[("v2.0.1", false)]);
    cache.says(Go, "example.com/old", &[("v3.1.9+incompatible", true), ("v3.2.0+incompatible", false)]);
}

#[test]
fn numbers_of_any_length() {
    let huge = "introduced 1.18446744073709551616.0 fixed 1.18446744073709551618.0";
    for ecosystem in Ecosystem::ALL {
        let cache = Cache::of(&[simple("X-1", ecosystem, "v/x", huge)]);
        let lines = [
            ("1.18446744073709551615.0", false),
            ("1.18446744073709551616.0", true),
            ("1.18446744073709551617.9", true),
            ("1.18446744073709551618.0", false),
        ];
        cache.says(ecosystem, "v/x", &lines);
    }
}
