//! The same of sweeps: reports, notices, errors, and the state with every frame in it unpacked.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tidewaiter::report;
use tidewaiter::secret::rules_with_examples;

use super::{Planted, files};
use crate::cached::synced;
use crate::support::osv::{Bucket, record};
use crate::support::planted::plant;
use crate::support::receiver::{Answer, Receiver};
use crate::support::tar::Tar;
use crate::support::{Zip, need, store, write};

const DATE: &str = "2024-01-01T00:00:00Z";

/// A folder of functions that leak in every way there is.
fn deploy(planted: &Planted, folder: &Path) {
    let texts: Vec<&str> = planted.values.iter().filter_map(|value| std::str::from_utf8(value).ok()).collect();
    let tree = planted.tree();
    let some = [".env", "config/production.json", "keys/rsa.pem", "src/api.js"];
    let some = some.iter().fold(Zip::new(), |zip, name| zip.file(name, fs::read(tree.join(name)).unwrap())).build();
    write(folder, "cut.zip", &some[..some.len() / 2]);
    let tar = Tar::new().file("a/inner.zip", &some).gzip();
    write(folder, "nested.zip", &Zip::new().file("outer.tar.gz", tar).build());
    write(folder, "encoded.zip", &encoded(&texts));
    write(folder, "manifests.zip", &manifests());
    write(folder, "names.zip", &names());
    // The whole once more, with all values in its variables and in what else is told of it.
    let token = plant("@@github-token@@");
    let variables: BTreeMap<String, &str> =
        texts.iter().enumerate().step_by(3).map(|(at, text)| (format!("SERVICE_{at}_PASSWORD"), *text)).collect();
    let configuration = json!({
        "Configuration": {
            "FunctionName": "shop", "Runtime": "nodejs22.x", "Handler": "index.handler", "Version": "$LATEST",
            "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:shop",
            "Role": "arn:aws:iam::123456789012:role/shop",
            "Description": format!("asks https://deploy:{token}@git.example.com/"),
            "Environment": {"Variables": variables},
        },
    });
    write(folder, "shop.json", configuration.to_string().as_bytes());
    write(folder, "shop.zip", &pairs(Zip::new().tree(&tree)).build());
    write(folder, "broken.json", format!(r#"{{"FunctionName": "{token}", "Environment": {{"#).as_bytes());
    write(folder, ".env", format!("TOKEN={token}\n").as_bytes());
}

/// Secrets of two parts, beside one another.
fn pairs(zip: Zip) -> Zip {
    let rules = rules_with_examples();
    let example = |id: &str| rules.iter().find(|rule| rule.id == id).unwrap().examples[0].clone();
    let two = rules.iter().flat_map(|rule| rule.pairs.iter().map(|other| (rule.id.as_str(), other.as_str())));
    two.fold(zip, |zip, (one, other)| {
        zip.file(format!("pairs/{one}/{other}.env"), [example(other), example(one)].join("\n"))
    })
}

/// A token in the names of files, of folders, of packages' files and of archives inside, whole and broken.
fn names() -> Vec<u8> {
    let token = plant("@@npm-token@@");
    let package = json!({"name": "lib", "version": "1.0.0"}).to_string();
    let inner = || Zip::new().file(format!("{token}.txt"), "1").file("x/package.json", &package).build();
    Zip::new()
        .file(format!("backup-{token}.txt"), "nothing")
        .file(format!("node_modules/{token}/package.json"), &package)
        .file(format!("{token}/lib-1.0.dist-info/METADATA"), "Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n")
        .file(format!("lib/{token}.zip"), inner())
        .file(format!("lib/{token}.tar.gz"), Tar::new().file(&format!("{token}/a.txt"), "1").gzip())
        .file(format!("cut/{token}.zip"), &inner()[..60])
        .file(format!("{token}.crc"), "1")
        .wrong_crc()
        .link(format!("{token}.link"), "elsewhere")
        .build()
}

/// Each value in a file of its own, as programs and people write one down.
fn encoded(texts: &[&str]) -> Vec<u8> {
    let file = |zip: Zip, (at, text): (usize, &&str)| {
        let line = format!("password = \"{text}\"\n");
        let each = |write: fn(u8) -> String| line.bytes().map(write).collect::<String>();
        match at % 4 {
            0 => zip.file(format!("{at}.txt"), STANDARD.encode(&line)),
            1 => zip.file(format!("{at}.txt"), format!("data = \"{}\"", each(|byte| format!("{byte:02x}")))),
            2 => zip.file(format!("{at}.txt"), each(|byte| format!("%{byte:02X}"))),
            _ => {
                let wide = [0xFEFF].into_iter().chain(line.encode_utf16()).flat_map(u16::to_le_bytes);
                zip.file(format!("{at}.ini"), wide.collect::<Vec<u8>>())
            }
        }
    };
    texts.iter().enumerate().fold(Zip::new(), file).build()
}

/// Package files that name a place with a password in it, or that are broken beside one.
fn manifests() -> Vec<u8> {
    let token = plant("@@github-token@@");
    let git = format!("git+https://deploy:{token}@git.example.com/own/lib.git");
    let place = format!("https://deploy:{token}@packages.example.com/");
    let lock = json!({"lockfileVersion": 3, "packages": {
        "": {"dependencies": {"lib": git, (git.clone()): "1"}},
        "node_modules/lib": {"version": git, "resolved": format!("{place}lib.tgz")},
        (format!("node_modules/{token}")): {"version": "1.0.0"},
    }});
    let old = json!({"lockfileVersion": 1, "dependencies": {
        "lib": {"version": git, "from": git, "requires": {"other": git}},
    }});
    let installed = json!({
        "name": "lib", "version": git, "dependencies": {"other": git, "third": place},
        "_resolved": format!("{place}lib.tgz"), "_from": git, "scripts": {"postinstall": format!("curl {place}")},
        "repository": {"url": git},
    });
    let manifest = json!({"name": "shop", "dependencies": {"lib": git, "third": format!("{place}third.tgz")}});
    Zip::new()
        .file("package.json", manifest.to_string())
        .file("package-lock.json", lock.to_string())
        .file("old/package-lock.json", old.to_string())
        .file("node_modules/lib/package.json", installed.to_string())
        .file("node_modules/cut/package.json", format!(r#"{{"name": "cut", "version": "1.0.0", "_from": "{git}", "x": {token}"#))
        .file("yarn.lock", format!("# yarn lockfile v1\n\n\"lib@{git}\":\n  version \"1.0.0\"\n  resolved \"{git}#1\"\n\n\"{git}\":\n  version \"1\"\n"))
        .file("pnpm-lock.yaml", format!("lockfileVersion: '9.0'\npackages:\n  'lib@{git}':\n    version: 1.0.0\n  '{git}':\n    resolution: {{tarball: '{place}'}}\n"))
        .file("bun.lock", format!(r#"{{"lockfileVersion": 1, "packages": {{"lib": ["lib@{git}", {{}}, "x"], "{git}": ["{git}"]}}}}"#))
        .file("requirements.txt", format!("--extra-index-url {place}\n-i {place}\nlib @ {git}\n{git}#egg=egg\n-e {git}\n{git}\nflask=={token}\n"))
        .file("lib-1.0.dist-info/METADATA", format!("Metadata-Version: 2.1\nName: lib\nVersion: 1.0\nRequires-Dist: other @ {git}\nRequires-Dist: third ({token})\n"))
        .file("lib-1.0.dist-info/direct_url.json", json!({"url": place, "vcs_info": {"vcs": "git"}}).to_string())
        .file("Pipfile.lock", json!({"_meta": {"sources": [{"url": place}]}, "default": {"lib": {"git": git, "ref": "1"}, "third": {"version": git}}}).to_string())
        .file("poetry.lock", format!("[[package]]\nname = \"lib\"\nversion = \"1.0\"\n[package.source]\ntype = \"git\"\nurl = \"{git}\"\n[package.dependencies]\nother = {{git = \"{git}\"}}\n"))
        .file("uv.lock", format!("version = 1\n[[package]]\nname = \"lib\"\nversion = \"1.0\"\nsource = {{ git = \"{git}\" }}\n"))
        .file("pyproject.toml", format!("[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"lib @ {git}\", \"{git}\"]\n[tool.poetry.dependencies]\nthird = {{git = \"{git}\"}}\n"))
        .file("Gemfile.lock", format!("GIT\n  remote: {place}\n  revision: 1\n  specs:\n    lib (1.0)\n\nGEM\n  remote: {place}\n  specs:\n    {token} (1)\n    other ({token})\n\nDEPENDENCIES\n  lib!\n"))
        .file("composer.lock", json!({"packages": [{"name": "own/lib", "version": format!("dev-{token}"), "source": {"type": "git", "url": git}, "dist": {"url": place}}]}).to_string())
        .file("vendor/composer/installed.json", json!({"packages": [{"name": "own/lib", "version": format!("dev-{token}"), "source": {"url": git}}]}).to_string())
        .file("composer.json", json!({"repositories": [{"url": place}], "require": {"own/lib": format!("dev-{token}")}}).to_string())
        .file("Cargo.lock", format!("version = 3\n[[package]]\nname = \"lib\"\nversion = \"1.0.0\"\nsource = \"git+{place}lib#1\"\ndependencies = [\"other 1.0 (git+{place})\"]\n"))
        .file("pom.xml", format!("<project><groupId>g</groupId><artifactId>a</artifactId><version>1</version><repositories><repository><url>{place}</url></repository></repositories><dependencies><dependency><groupId>x</groupId><artifactId>y</artifactId><version>{place}</version></dependency></dependencies></project>"))
        .file("packages.lock.json", json!({"version": 1, "dependencies": {"net8.0": {"Lib": {"type": "Direct", "resolved": git}}}}).to_string())
        .file("bom.json", json!({"bomFormat": "CycloneDX", "components": [
            {"name": "lib", "purl": format!("pkg:npm/lib@1.0.0?download_url={place}"), "version": git},
            {"name": git, "purl": format!("pkg:{git}/x")}]}).to_string())
        .file("bundle.js", format!("/*! lib v1.0.0 {place} */\nfetch('{place}')\n//# sourceMappingURL={place}bundle.js.map\n"))
        .file("bundle.js.map", json!({"version": 3, "sources": [format!("webpack:///{git}/index.js"), format!("{place}a.js")], "mappings": ""}).to_string())
        .build()
}

/// Sweeps with all that could make the program talk; reports in these formats, and a notice, if any.
fn sweep(planted: &Planted, folder: &Path, reports: &[&str], notice: Option<&str>, more: &[&str]) {
    let receiver = Receiver::start(vec![Answer::status(200)]);
    let text = |path: PathBuf| path.to_str().unwrap().to_owned();
    let told = text(folder.join("told"));
    fs::create_dir_all(&told).unwrap();
    let mut arguments: Vec<String> = vec!["sweep".into(), "files".into(), text(folder.join("functions"))];
    arguments.extend(["--state".into(), text(folder.join("state")), "--cache".into(), text(folder.join("cache"))]);
    arguments.extend(["--write-baseline".into(), format!("{told}/baseline")]);
    if let Some(format) = notice {
        arguments.extend(["--notify".into(), receiver.url(), "--notify-always".into()]);
        arguments.extend(["--notify-format".into(), format.into()]);
    }
    for report in reports {
        arguments.extend(["--output".into(), format!("{report}={told}/{report}")]);
    }
    arguments.extend(more.iter().map(|one| (*one).to_owned()));
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    assert!(planted.run(&arguments, "a sweep") > 1000, "the table says something");
    let written = files(Path::new(&told));
    assert_eq!(written.len(), reports.len() + 1);
    written.iter().for_each(|(path, bytes)| planted.assert_absent(bytes, path.to_str().unwrap()));
    let bodies = receiver.bodies();
    assert_eq!(bodies.len(), usize::from(notice.is_some()));
    bodies.iter().for_each(|body| planted.assert_absent(body, "the notice"));
    fs::remove_dir_all(told).unwrap();
}

#[test]
fn no_state_report_or_notice_of_a_sweep_holds_a_secret() {
    if !need("python3") {
        return;
    }
    let planted = Planted::new();
    let folder = tempfile::tempdir().unwrap();
    deploy(&planted, &folder.path().join("functions"));
    let mut bucket = Bucket::default();
    bucket.put("npm", &record("OSV-1", DATE, "npm", "lib", "9.0.0"));
    synced(folder.path(), &bucket);
    let all: Vec<&str> = report::ALL.iter().map(|reporter| reporter.id()).collect();
    sweep(&planted, folder.path(), &all, Some("json"), &[]);
    write(folder.path(), "functions/late.zip", &manifests());
    sweep(&planted, folder.path(), &["json"], Some("slack"), &["--threads", "1"]);
    sweep(&planted, folder.path(), &["json"], None, &["--offline"]);

    let state = folder.path().join("state");
    for (path, bytes) in files(&state) {
        planted.assert_absent(&bytes, path.to_str().unwrap());
    }
    let mut packed: BTreeMap<String, usize> = BTreeMap::new();
    for stored in store::read(&state) {
        let from = format!("{} {}", stored.tree, String::from_utf8_lossy(&stored.key));
        planted.assert_absent(&stored.key, &from);
        planted.assert_absent(&stored.raw, &from);
        stored.frames.iter().for_each(|frame| planted.assert_absent(frame, &from));
        *packed.entry(stored.tree).or_default() += stored.frames.len();
    }
    assert!(packed["contents"] >= 12 && packed["functions"] >= 12 && packed["verdicts"] >= 6, "{packed:?}");
    assert_eq!((packed["sweeps"], packed["meta"], packed["used"]), (2, 1, 0), "all that is packed was unpacked");
}
