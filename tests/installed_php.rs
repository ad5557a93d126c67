//! What Composer installs is what a scan finds. The packages are made here and installed by the real `composer`, from
//! repositories that are folders.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::planted::plant;
use crate::support::{Cli, Zip, need, write};

/// Runs Composer in a folder and returns what it prints.
fn composer(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("composer");
    let output = Cli::scrub(&mut command)
        .current_dir(folder)
        .env("COMPOSER_HOME", folder.join("home"))
        .env("COMPOSER_ALLOW_SUPERUSER", "1")
        .args(arguments)
        .args(["--no-interaction", "--no-plugins", "--quiet"].iter().take(if arguments[0] == "install" {
            3
        } else {
            2
        }))
        .output()
        .expect("composer starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Version, evidence and `dev` of the packages, by name.
fn packages(json: &Value) -> BTreeMap<String, (Option<String>, String, Option<bool>)> {
    let row = |package: &Value| {
        assert_eq!(package["ecosystem"], "Packagist");
        let text = |key: &str| package[key].as_str().map(str::to_owned);
        (text("name").unwrap(), (text("version"), text("evidence").unwrap(), package["dev"].as_bool()))
    };
    json["targets"][0]["packages"].as_array().expect("packages are a list").iter().map(row).collect()
}

#[test]
fn what_composer_installs_is_what_is_found() {
    if !need("composer") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // A tag with a `v`, a branch, a package without files, one that only development needs.
    for (name, text) in [
        (
            "alpha",
            r#"{"name":"Acme/Alpha","version":"v1.2.3","require":{"php":">=5","acme/beta":"*","acme/meta":"*"},
                      "replace":{"acme/old":"self.version"}}"#,
        ),
        ("beta", r#"{"name":"acme/beta","version":"dev-main","extra":{"branch-alias":{"dev-main":"2.x-dev"}}}"#),
        ("meta", r#"{"name":"acme/meta","version":"3.0.0","type":"metapackage"}"#),
        ("tool", r#"{"name":"acme/tool","version":"0.9.0-beta2"}"#),
    ] {
        write(&folder.path().join("packages").join(name), "composer.json", text.as_bytes());
    }
    let code = plant("<?php $token = '@@github-token@@';\n");
    write(folder.path(), "packages/alpha/src/code.php", code.as_bytes());
    let app = folder.path().join("app");
    let manifest = r#"{"name":"me/app","minimum-stability":"dev",
        "repositories":[{"type":"path","url":"../packages/*","options":{"symlink":false}},{"packagist.org":false}],
        "require":{"acme/alpha":"^1"},"require-dev":{"acme/tool":"*"}}"#;
    write(&app, "composer.json", manifest.as_bytes());
    write(&app, "index.php", plant("<?php $token = '@@stripe-live-key@@';\n").as_bytes());
    composer(&app, &["install"]);
    let listed: Value = serde_json::from_str(&composer(&app, &["show", "--format=json"])).unwrap();
    let listed = listed["installed"].as_array().unwrap();
    std::fs::remove_dir_all(app.join("home")).ok();

    let zip = write(folder.path(), "function.zip", &Zip::new().tree(&app).build());
    let (_, json) = Cli::scan(&zip, &[]);
    let found = packages(&json);
    assert_eq!(found.len(), listed.len(), "{found:?} {listed:?}");
    for package in listed {
        let name = package["name"].as_str().unwrap().to_ascii_lowercase();
        let version = package["version"].as_str().unwrap().split(' ').next().unwrap();
        let version = Some(version.trim_start_matches('v').to_owned()).filter(|version| version != "dev-main");
        assert_eq!(found[&name], (version, "installed".to_owned(), Some(name == "acme/tool")), "{name}");
    }
    let target = &json["targets"][0];
    let direct: Vec<_> = target["packages"].as_array().unwrap().iter().filter(|p| p["direct"] == true).collect();
    assert_eq!(direct.iter().map(|p| p["name"].as_str().unwrap()).collect::<Vec<_>>(), ["acme/alpha", "acme/tool"]);
    let mut owners: Vec<_> = target["findings"].as_array().unwrap().iter().map(|f| f["package"].as_str()).collect();
    owners.sort_unstable();
    assert_eq!(owners, [None, Some("pkg:composer/acme/alpha@1.2.3")]);

    // The lock file alone names the same.
    let (_, json) = Cli::scan(&app.join("composer.lock"), &[]);
    let locked = packages(&json);
    assert!(locked.values().all(|(_, evidence, _)| evidence == "locked"), "{locked:?}");
    assert_eq!(locked.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());

    // Without the list Composer's own run-time table still tells.
    std::fs::remove_file(app.join("vendor/composer/installed.json")).unwrap();
    std::fs::remove_file(app.join("composer.lock")).unwrap();
    let zip = write(folder.path(), "stripped.zip", &Zip::new().tree(&app).build());
    let (_, json) = Cli::scan(&zip, &[]);
    assert_eq!(packages(&json), found);
}
