//! The whole way through the real program: export, carry over, import, scan.

use super::*;

/// The files of a transfer: cache, keys, bundle, and something to scan.
struct Site {
    folder: TempDir,
    cache: TempDir,
}

impl Site {
    fn new() -> Site {
        let site = Site { folder: tempfile::tempdir().unwrap(), cache: cache(OLD) };
        write(site.folder.path(), "package-lock.json", LODASH);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn arguments(&self, words: &[&str]) -> Vec<OsString> {
        let place = |word: &&str| match word.strip_prefix('@') {
            Some("cache") => self.cache.path().into(),
            Some(name) => self.path(name).into_os_string(),
            None => word.into(),
        };
        words.iter().map(place).collect()
    }

    /// Runs the program; `@name` is a file of the site, `@cache` its cache.
    fn run(&self, words: &[&str]) -> (i32, String) {
        let run = Cli::run(self.arguments(words));
        (run.code, run.stdout + &run.stderr)
    }
}

#[test]
fn a_scan_finds_the_same_on_both_sides_of_the_gap() {
    let site = Site::new();
    let keys = keys(Some("an example"));
    write(site.folder.path(), "key", keys.secret.as_bytes());
    write(site.folder.path(), "pub", format!("untrusted comment: a key\n{}\n", keys.public).as_bytes());
    let export = ["db", "export", "@db.twb", "--sign", "@key", "--cache", "@cache"];
    let (code, said) = site.run(&export);
    assert_eq!((code, said.contains("TIDEWAITER_SIGN_PASSWORD")), (2, true), "{said}");
    for (password, expected) in [("another", 2), ("an example", 0)] {
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).env("TIDEWAITER_SIGN_PASSWORD", password).args(site.arguments(&export));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(expected), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!String::from_utf8_lossy(&output.stderr).contains(password));
    }
    assert_eq!(site.run(&["db", "import", "@db.twb", "--cache", "@other"]).0, 2, "no key is no trust");
    let (code, said) = site.run(&["db", "import", "@db.twb", "--trust", "@pub", "--cache", "@other"]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(site.run(&["db", "verify", "--cache", "@other"]).0, 0);

    let scan = |words: &[&str]| {
        let common = ["scan", "@package-lock.json", "--format", "json", "--reproducible"];
        let run = Cli::run(site.arguments(&[&common[..], words].concat()));
        let mut json = run.json();
        // Where the advisories come from is said twice, as a word and in a sentence, and is all that may differ.
        let origin = json["advisories"]["origin"].take();
        let note = json["advisories"]["note"].take();
        let named = if origin == "bundle" { "a signed bundle, " } else { "the local cache, " };
        assert!(note.as_str().unwrap().starts_with(named), "{note}");
        (run.code, origin.as_str().unwrap().to_owned(), json)
    };
    let here = scan(&["--cache", "@cache"]);
    assert_eq!((here.0, here.2["targets"][0]["findings"].as_array().unwrap().len()), (0, 2), "{}", here.2);
    let there = scan(&["--cache", "@other"]);
    assert_eq!(here, there);
    let direct = scan(&["--advisories", "@db.twb", "--trust", "@pub"]);
    assert_eq!((direct.1.as_str(), &direct.2), ("bundle", &here.2));
    let (code, said) = site.run(&["scan", "@package-lock.json", "--advisories", "@db.twb", "--trust", "@key"]);
    assert_eq!(code, 2, "{said}");

    let path = site.path("other/snapshots").read_dir().unwrap().next().unwrap().unwrap().path();
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&path, bytes).unwrap();
    let (code, said) = site.run(&["db", "verify", "--cache", "@other"]);
    assert_eq!((code, said.contains("digest")), (2, true), "{said}");
}

#[test]
fn equal_records_make_equal_snapshots_and_bundles_that_differ_in_their_times_alone() {
    let (one, other) = (cache(OLD), cache(OLD));
    let id = |cache: &TempDir| database(cache.path()).info().snapshot.clone();
    assert_eq!(id(&one), id(&other));
    let write = || Bundle::write(&database(one.path()), None).unwrap();
    assert_eq!(write(), write());
    let opened = Database::of_bundle(Bundle::parse(write(), &Trust::new(&[], true).unwrap()).unwrap());
    let (ours, theirs) = (opened.info(), database(one.path()));
    assert_eq!(ours.origin, DatabaseOrigin::Bundle);
    assert_eq!(ours.snapshot, theirs.info().snapshot);
    // Where they came from is this cache's matter.
    let carried = |one: &SourceInfo| SourceInfo { from: None, ..one.clone() };
    assert_eq!(ours.ecosystems, theirs.info().ecosystems.iter().map(carried).collect::<Vec<_>>());
    assert!(ours.ecosystems.iter().all(|ecosystem| ecosystem.synced.is_some()));
}

#[test]
fn the_minisign_tool_makes_keys_and_signatures_and_verifies_ours() {
    if !need("minisign") {
        return;
    }
    let site = Site::new();
    let minisign = |arguments: &[&str]| {
        let mut command = Command::new("minisign");
        let output = Cli::scrub(&mut command).args(site.arguments(arguments)).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert!(minisign(&["-G", "-W", "-p", "@pub", "-s", "@key"]).0);
    let (code, said) = site.run(&["db", "export", "@db.twb", "--sign", "@key", "--cache", "@cache"]);
    assert_eq!(code, 0, "{said}");
    let import = ["db", "import", "@db.twb", "--trust", "@pub", "--cache", "@other"];
    let (code, said) = site.run(&import);
    assert_eq!(code, 0, "{said}");

    // As docs/bundle.md says: the tool verifies what we signed...
    let split = |lines: usize| {
        let bytes = fs::read(site.path("db.twb")).unwrap();
        let at = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(lines - 1).unwrap().0 + 1;
        (bytes[..at].to_vec(), bytes[at..].to_vec())
    };
    let (head, message) = split(4);
    write(site.folder.path(), "message.minisig", &head);
    write(site.folder.path(), "message", &message);
    let (verified, said) = minisign(&["-V", "-p", "@pub", "-m", "@message"]);
    assert!(verified && said.contains("manifest sha256:"), "{said}");
    // ... and signs for us, where the key never leaves its machine.
    assert_eq!(site.run(&["db", "export", "@db.twb", "--unsigned", "--cache", "@cache"]).0, 0);
    let (head, message) = split(2);
    write(site.folder.path(), "message", &message);
    let head = String::from_utf8(head).unwrap();
    let (title, trusted) = head.trim_end().split_once('\n').unwrap();
    let title = title.strip_suffix(", unsigned").unwrap();
    assert!(minisign(&["-S", "-s", "@key", "-c", title, "-t", trusted, "-m", "@message"]).0);
    let signature = fs::read(site.path("message.minisig")).unwrap();
    write(site.folder.path(), "db.twb", &[signature, message].concat());
    let (code, said) = site.run(&import);
    assert_eq!(code, 0, "{said}");
}

#[test]
fn an_import_makes_no_network_call() {
    if !need("strace") {
        return;
    }
    let site = Site::new();
    assert_eq!(site.run(&["db", "export", "@db.twb", "--unsigned", "--cache", "@cache"]).0, 0);
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=socket,connect,sendto,bind,execve", "-o"]).arg(site.path("trace"));
    command.arg(Cli::program());
    let import = ["db", "import", "@db.twb", "--allow-unsigned", "--cache", "@other"];
    let output = Cli::scrub(&mut command).args(site.arguments(&import)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let calls = fs::read_to_string(site.path("trace")).unwrap();
    assert!(calls.contains("execve("), "the trace holds the run: {calls}");
    assert!(!["socket(", "connect(", "sendto(", "bind("].iter().any(|call| calls.contains(call)), "{calls}");
}

#[test]
fn packages_and_records_are_found_by_name_id_and_alias() {
    let site = Site::new();
    let search = |words: &[&str]| site.run(&[&["db", "search", "--cache", "@cache"][..], words].concat());
    let (code, said) = search(&["package-1"]);
    assert_eq!((code, said.matches("npm package-").count()), (0, 1), "an exact name hides longer ones: {said}");
    assert!(said.contains("TEST-2 (CVE-2024-1002)") && said.contains("fixed in 1.0.0"), "{said}");
    assert_eq!(search(&["package-14"]).1.matches("npm package-").count(), 1);
    let (_, said) = search(&["ckage-14"]);
    assert_eq!(said.matches("npm package-").count(), 11, "{said}");
    assert!(search(&["package"]).1.contains("and 100 more packages"));
    assert!(search(&["some.name"]).1.contains("PyPI some-name"), "names are normalized");
    assert_eq!(search(&["some.name", "--ecosystem", "npm"]).0, 2);
    assert!(search(&["cve-2024-1002"]).1.contains("TEST-2"));
    assert_eq!(search(&["CVE-1999-1"]).0, 2);

    let (code, said) = site.run(&["explain", "CVE-2024-1007", "--cache", "@cache"]);
    assert!(code == 0 && said.contains("TEST-7") && said.contains("npm package-3"), "{said}");
    let (code, said) = site.run(&["explain", "aws-access-key-id"]);
    assert!(code == 0 && said.contains("AKIA") && said.contains("revoke") && said.contains("https://"), "{said}");
    assert_eq!(site.run(&["explain", "no-such-thing", "--cache", "@cache"]).0, 2);
}

#[test]
fn age_counts_from_the_last_sync() {
    let site = Site::new();
    write(site.folder.path(), "policy.toml", b"[max-db-age]\ndefault = 7\nnpm = { warn = 7 }\n");
    let scan = |words: &[&str]| {
        let common = ["scan", "@package-lock.json", "--format", "json", "--cache", "@cache"];
        let run = Cli::run(site.arguments(&[&common[..], words].concat()));
        (run.code, run.json())
    };
    let (code, json) = scan(&["--max-db-age", "1"]);
    assert_eq!((code, json["run"]["advisories_age_days"].as_u64()), (0, Some(0)), "its records are of {OLD}");
    let path = site.cache.path().join("current.json");
    let mut current: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    current["synced"]["npm"] = "2024-01-01T00:00:00Z".into();
    fs::write(&path, current.to_string()).unwrap();
    let (code, json) = scan(&["--max-db-age", "7"]);
    assert_eq!((code, json["run"]["stale"].as_bool()), (3, Some(true)));
    assert!(json["run"]["advisories_age_days"].as_u64().unwrap() > 365);
    let (code, json) = scan(&["--policy", "@policy.toml"]);
    assert_eq!((code, json["run"]["stale"].as_bool()), (0, Some(true)));
    let gap = &json["targets"][0]["coverage"]["gaps"][0];
    assert_eq!((gap["kind"].as_str(), gap["level"].as_str()), (Some("advisories"), Some("note")), "{gap}");
}
