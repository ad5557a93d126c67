//! What `pip` installs is what the extractors find: no package more, none less. Needs `pip` and its registry; says so
//! and passes without them, except in CI.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use tidewaiter::extract::{ALL, Entry, Sink, join};
use tidewaiter::model::{Ecosystem, Evidence, Gap, Location, Package};

/// Small packages with all that is odd: capitals and dots in names, a name unlike its module, versions in four parts,
/// scripts, a namespace package, and one that carries dist-info folders of others.
const PACKAGES: [&str; 9] = [
    "Jinja2==2.10",
    "attrs==20.3.0",
    "backports.functools-lru-cache==1.6.4",
    "chardet==3.0.4",
    "python-dateutil==2.8.1",
    "requests==2.19.1",
    "setuptools==75.0.0",
    "six==1.15.0",
    "typing_extensions==3.7.4.3",
];

#[test]
fn the_inventory_equals_pip_list() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().to_str().unwrap();
    let install = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:", "--target", target];
    if let Err(why) = pip(&install.iter().chain(&PACKAGES).copied().collect::<Vec<_>>()) {
        assert!(std::env::var_os("CI").is_none(), "pip could not install: {why}");
        writeln!(std::io::stderr(), "SKIPPED the_inventory_equals_pip_list: pip could not install: {why}").unwrap();
        return;
    }
    // Nothing installs these any more, but what is deployed may be old.
    let old = folder.path().join("Old.Folder-1.0-py3.9.egg-info");
    std::fs::create_dir(&old).unwrap();
    std::fs::write(old.join("PKG-INFO"), "Metadata-Version: 1.1\nName: Old.Folder\nVersion: 1.0\n").unwrap();
    std::fs::write(folder.path().join("flat-2.0.egg-info"), "Metadata-Version: 1.1\nName: flat\nVersion: 2.0\n")
        .unwrap();

    let listed = pip(&["list", "--path", target, "--format", "json"]).unwrap();
    let listed: Vec<serde_json::Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let listed: BTreeSet<(String, String)> = listed
        .iter()
        .map(|package| (package["name"].as_str().unwrap().to_owned(), package["version"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(listed.len(), PACKAGES.len() + 2);

    let mut sink = Sink::default();
    walk(folder.path(), "", &mut sink).unwrap();
    let joined = join(sink);
    assert_eq!(with_evidence(&joined.packages, Evidence::Installed), listed);
    assert_eq!(joined.gaps, Vec::<Gap>::new());
    let embedded = with_evidence(&joined.packages, Evidence::Embedded);
    assert!(embedded.iter().any(|(name, _)| name == "packaging"), "setuptools carries packaging: {embedded:?}");
    let direct = |name: &str| joined.packages.iter().find(|package| package.name == name).unwrap().direct;
    assert_eq!((direct("six"), direct("flat")), (Some(true), None));
    let owner =
        |path: &str| joined.owners.owner_of(&Location::artifact(0).child(path)).map(|owner| owner.name.as_str());
    assert_eq!(
        (owner("dateutil/parser/_parser.py"), owner("bin/chardetect")),
        (Some("python-dateutil"), Some("chardet"))
    );
    assert_eq!(owner("app.py"), None);
}

fn pip(arguments: &[&str]) -> Result<Output, String> {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]).args(arguments);
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(output) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn with_evidence(packages: &[Package], evidence: Evidence) -> BTreeSet<(String, String)> {
    packages
        .iter()
        .filter(|package| package.ecosystem == Ecosystem::PyPI && package.evidence == evidence)
        .map(|package| (package.name.clone(), package.version.clone().unwrap_or_default()))
        .collect()
}

fn walk(folder: &Path, prefix: &str, sink: &mut Sink) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().display());
        if entry.file_type()?.is_dir() {
            walk(&entry.path(), &format!("{name}/"), sink)?;
            continue;
        }
        let bytes = std::fs::read(entry.path())?;
        let location = Location::artifact(0).child(&name);
        for extractor in ALL.iter().filter(|extractor| extractor.wants(&name, &bytes[..bytes.len().min(512)])) {
            extractor.extract(&Entry { location: &location, bytes: &bytes }, sink);
        }
    }
    Ok(())
}
