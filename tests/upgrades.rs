//! The upgrade plan: few upgrades, the most closed first, and how each package comes into the function.

use tidewaiter::model::*;
use tidewaiter::policy::*;

use crate::support::verdict::*;

/// A package at 1.2.0 that requires others, in an ecosystem where names alone decide which.
fn python(name: &str, requires: &[&str]) -> Package {
    let mut package = package(Ecosystem::PyPI, name, "1.2.0", &[&format!("{name}.dist-info/METADATA")]);
    package.requires = requires.iter().map(|name| (*name).to_owned()).collect();
    package
}

/// A flaw of a package with an id, and of a severity that violates.
fn flaw(package: &Package, id: &str) -> Finding {
    about(package, FindingKind::Vulnerability, id, Severity::High, &[])
}

fn remedy(package: &Package, version: &str, closes: &[&Finding]) -> Remedy {
    let mut closes: Vec<String> = closes.iter().map(|finding| finding.fingerprint.clone()).collect();
    closes.sort();
    Remedy { package: package.id(), version: version.to_owned(), closes }
}

fn planned(mut packages: Vec<Package>, findings: Vec<Finding>, remedies: Vec<Remedy>, fail_on: &str) -> Vec<Upgrade> {
    packages.sort_by_key(Package::id);
    let scan = Scan { packages, findings, remedies, ..clean_scan() };
    let settings = Settings { fail_on: parse_fail_on(fail_on).unwrap(), ..settings() };
    judge(vec![scan], database(DatabaseOrigin::Cache), settings, None).targets.remove(0).upgrades
}

/// `name from -> to closes n`.
fn told(plan: &[Upgrade]) -> Vec<String> {
    plan.iter().map(|one| format!("{} -> {} closes {}", one.package.0, one.to, one.closes.len())).collect()
}

#[test]
fn the_least_release_that_closes_all_is_taken_and_the_most_closed_comes_first() {
    let (a, b) = (python("a", &[]), python("b", &[]));
    let of_a = [flaw(&a, "A-1")];
    let of_b = [flaw(&b, "B-1"), flaw(&b, "B-2"), Finding { severity: Severity::Low, ..flaw(&b, "B-3") }];
    let remedies = vec![
        remedy(&a, "1.2.1", &[&of_a[0]]),
        remedy(&b, "1.2.5", &[&of_b[0]]),
        remedy(&b, "1.3.0", &[&of_b[0], &of_b[1]]),
        remedy(&b, "1.9.0", &[&of_b[0], &of_b[1], &of_b[2]]),
    ];
    let findings: Vec<Finding> = of_a.iter().chain(&of_b).cloned().collect();
    let plan = |fail_on| planned(vec![a.clone(), b.clone()], findings.clone(), remedies.clone(), fail_on);
    assert_eq!(
        told(&plan("high")),
        ["pkg:pypi/b@1.2.0 -> 1.3.0 closes 2", "pkg:pypi/a@1.2.0 -> 1.2.1 closes 1"],
        "what is below the threshold is no reason to go further"
    );
    assert_eq!(told(&plan("low"))[0], "pkg:pypi/b@1.2.0 -> 1.9.0 closes 3");
    assert_eq!(told(&plan("critical")), Vec::<String>::new(), "nothing violates");
    assert_eq!(told(&plan("never"))[0], "pkg:pypi/b@1.2.0 -> 1.9.0 closes 3", "without a threshold all count");
    assert_eq!((plan("high")[0].from.as_str(), plan("high")[0].admitted), ("1.2.0", None));
}

#[test]
fn where_another_major_version_closes_more_both_are_told() {
    let a = python("a", &[]);
    let (one, two) = (flaw(&a, "A-1"), flaw(&a, "A-2"));
    let ladder = |near: &[&Finding], far: &[&Finding]| vec![remedy(&a, "1.9.0", near), remedy(&a, "3.0.0", far)];
    let plan = |remedies| planned(vec![a.clone()], vec![one.clone(), two.clone()], remedies, "high");
    assert_eq!(
        told(&plan(ladder(&[&one], &[&one, &two]))),
        ["pkg:pypi/a@1.2.0 -> 1.9.0 closes 1", "pkg:pypi/a@1.2.0 -> 3.0.0 closes 2"]
    );
    assert_eq!(told(&plan(ladder(&[&one, &two], &[&one, &two]))), ["pkg:pypi/a@1.2.0 -> 1.9.0 closes 2"]);
    let far = plan(vec![remedy(&a, "3.0.0", &[&one])]);
    assert_eq!(told(&far), ["pkg:pypi/a@1.2.0 -> 3.0.0 closes 1"]);
    assert!(far[0].is_major(Ecosystem::PyPI));
}

#[test]
fn what_the_plan_leaves_open_is_told_with_the_reason() {
    let a = python("a", &[]);
    let flaws = ["A-1", "A-2", "A-3", "A-4"].map(|id| Finding { fixed: vec!["2.0.0".to_owned()], ..flaw(&a, id) });
    let unfixed = flaw(&a, "A-5");
    let leak = secret("Token", place(&["a.js"]), Origin::Own, Confidence::High);
    let remedies = vec![remedy(&a, "1.9.0", &[&flaws[0]]), remedy(&a, "3.0.0", &[&flaws[0], &flaws[1], &flaws[2]])];
    let mut findings = flaws.to_vec();
    findings.extend([unfixed, leak]);
    let scan = |findings| Scan { packages: vec![a.clone()], findings, remedies: remedies.clone(), ..clean_scan() };
    let judged = |findings| judge(vec![scan(findings)], database(DatabaseOrigin::Cache), settings(), None).targets;
    assert_eq!(
        StaysOpen::of(&judged(findings)).sentence(),
        "The plan closes 3 of 6 findings that violate, 2 of them only by another major version; 3 stay open: \
         no finished release that brings no other flaw 1, no fix known 1, secrets 1."
    );
    let all = |count: usize| StaysOpen::of(&judged(flaws[..count].to_vec())).sentence();
    assert_eq!(all(1), "The plan closes the one finding.");
    assert_eq!(all(2), "The plan closes all 2 findings that violate, 1 of them only by another major version.");
}

#[test]
fn before_one_the_minor_version_is_the_major_one_where_ranges_say_so() {
    let upgrade = |from: &str, to: &str| Upgrade {
        package: PackageId("pkg:npm/a@0.2.0".to_owned()),
        direct: None,
        path: Vec::new(),
        from: from.to_owned(),
        to: to.to_owned(),
        closes: Vec::new(),
        admitted: None,
    };
    assert!(upgrade("0.2.0", "0.3.0").is_major(Ecosystem::Npm));
    assert!(!upgrade("0.2.0", "0.2.9").is_major(Ecosystem::Npm));
    assert!(!upgrade("0.2.0", "0.3.0").is_major(Ecosystem::PyPI));
    assert!(!upgrade("v1.2.0", "1.9.0").is_major(Ecosystem::Go));
}

#[test]
fn what_is_waived_or_cannot_stop_a_build_needs_no_upgrade() {
    let a = python("a", &[]);
    let waived = AllowedBy { by: "policy.toml:1".to_owned(), reason: "not reached".to_owned() };
    for finding in
        [Finding { allowed_by: Some(waived), ..flaw(&a, "A-1") }, Finding { gates: false, ..flaw(&a, "A-1") }]
    {
        let remedies = vec![remedy(&a, "1.3.0", &[&finding])];
        assert_eq!(planned(vec![a.clone()], vec![finding], remedies, "high"), []);
    }
}

/// `direct: path` of the one upgrade of `target`.
fn way(packages: Vec<Package>) -> (Option<String>, Vec<String>) {
    let target = packages.iter().find(|package| package.name == "target").unwrap().clone();
    let finding = flaw(&target, "T-1");
    let plan = planned(packages, vec![finding.clone()], vec![remedy(&target, "1.3.0", &[&finding])], "high");
    let name = |id: &PackageId| parse_purl(&id.0).unwrap().1;
    (plan[0].direct.as_ref().map(name), plan[0].path.iter().map(name).collect())
}

#[test]
fn the_shortest_way_from_a_direct_dependency_is_named() {
    let direct = |package: Package| Package { direct: Some(true), ..package };
    let tree = || vec![python("far", &["mid"]), python("mid", &["target"]), python("target", &[])];
    let names = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    assert_eq!(way(tree()), (None, names(&["far", "mid", "target"])), "no manifest says what is direct");

    let mut packages = tree();
    packages[0] = direct(packages[0].clone());
    assert_eq!(way(packages.clone()), (Some("far".to_owned()), names(&["far", "mid", "target"])));
    packages.push(direct(python("near", &["target"])));
    assert_eq!(way(packages.clone()), (Some("near".to_owned()), names(&["near", "target"])));
    packages[2] = direct(packages[2].clone());
    assert_eq!(way(packages), (Some("target".to_owned()), names(&["target"])));

    let ring = vec![python("other", &["target"]), python("target", &["other"])];
    assert_eq!(way(ring), (None, names(&["target"])));
    let copy = Package { embedded_in: vec![python("pip", &[]).id()], ..python("target", &[]) };
    assert_eq!(way(vec![direct(python("pip", &[])), copy]), (Some("pip".to_owned()), names(&["pip", "target"])));
}

#[test]
fn a_release_is_held_against_the_range_of_what_requires_the_package() {
    let target = python("target", &[]);
    let admitted = |ranges: &[(&str, &str)]| {
        let mut above = python("above", &["target"]);
        above.ranges = ranges.iter().map(|(name, range)| ((*name).to_owned(), (*range).to_owned())).collect();
        let finding = flaw(&target, "T-1");
        let remedies = vec![remedy(&target, "1.3.0", &[&finding])];
        planned(vec![above, target.clone()], vec![finding], remedies, "high")[0].admitted
    };
    assert_eq!(admitted(&[]), None);
    assert_eq!(admitted(&[("other", "<1")]), None);
    assert_eq!(admitted(&[("Target", ">=1,<2")]), Some(true));
    assert_eq!(admitted(&[("target", "<1.3")]), Some(false));
    assert_eq!(admitted(&[("target", "<1.3"), ("target", ">=1.3")]), None, "the markers would tell");
    assert_eq!(admitted(&[("target", "<2"), ("target", ">=1.3")]), Some(true));
}

#[test]
fn a_tree_that_was_built_to_be_deep_costs_no_square() {
    let next = |at: usize| if at == 5_000 { Vec::new() } else { vec![format!("p{}", at + 1)] };
    let mut packages: Vec<Package> =
        (0..=5_000).map(|at| Package { requires: next(at), ..python(&format!("p{at}"), &[]) }).collect();
    packages[0].direct = Some(true);
    let findings: Vec<Finding> = packages.iter().map(|package| flaw(package, &package.name)).collect();
    let remedies = packages.iter().zip(&findings).map(|(package, one)| remedy(package, "1.3.0", &[one])).collect();
    let plan = planned(packages, findings, remedies, "high");
    assert_eq!(plan.len(), 5_001);
    assert!(plan.iter().all(|one| one.path.len() <= LONGEST_PATH && one.direct.is_some()));
    assert!(plan.iter().all(|one| one.path.last() == Some(&one.package)));
}
