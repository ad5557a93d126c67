//! Sweeps of a folder, night after night, through the real program.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tidewaiter::model::hex;

use crate::cached::synced;
use crate::support::osv::{Bucket, record};
use crate::support::planted::plant;
use crate::support::{Cli, Zip, write};

const DATE: &str = "2024-01-01T00:00:00Z";

/// Functions in a folder, and what is known of them.
pub struct Fleet {
    pub folder: tempfile::TempDir,
    caches: usize,
}

impl Fleet {
    /// So many functions.
    pub fn new(functions: usize) -> Fleet {
        let fleet = Fleet { folder: tempfile::tempdir().unwrap(), caches: 0 };
        (0..functions).for_each(|number| fleet.deploy(number, "1.0.0"));
        fleet
    }

    /// A place in its folder; the functions are in `functions`, the state is in `state`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Each function has a package that all have, and one of its own.
    pub fn deploy(&self, number: usize, version: &str) {
        let package = |name: &str| json!({"name": name, "version": version}).to_string();
        let own = format!("own-{number}");
        let zip = Zip::new()
            .file("index.js", format!("// {number}\nconst key = '{}'", plant("@@github-token@@")))
            .file("node_modules/common/package.json", package("common"))
            .file(format!("node_modules/{own}/package.json"), package(&own))
            .build();
        write(&self.path("functions"), &format!("f{number}.zip"), &zip);
    }

    /// A cache with these advisories: packages that are flawed below version 2.
    pub fn advisories(&mut self, flawed: &[&str]) -> PathBuf {
        self.caches += 1;
        let folder = self.path(&format!("cache-{}", self.caches));
        std::fs::create_dir(&folder).unwrap();
        let mut bucket = Bucket::default();
        bucket.put("npm", &record("TEST-0", DATE, "npm", "elsewhere", "2.0.0"));
        for name in flawed {
            bucket.put("npm", &record(&format!("TEST-{name}"), DATE, "npm", name, "2.0.0"));
        }
        synced(&folder, &bucket)
    }

    /// A sweep by these advisories, for which everything counts unless `more` says otherwise.
    pub fn arguments(&self, cache: &Path, more: &[&str]) -> Vec<String> {
        self.arguments_of(self.path("functions").to_str().unwrap(), cache, more)
    }

    /// The arguments of a sweep of wherever the functions were copied to.
    pub fn arguments_of(&self, place: &str, cache: &Path, more: &[&str]) -> Vec<String> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let mut arguments: Vec<String> = ["sweep", "files"].map(str::to_owned).into();
        arguments.extend([place.to_owned(), "--state".to_owned(), text(self.path("state"))]);
        arguments.extend(["--cache".to_owned(), cache.to_str().unwrap().to_owned()]);
        arguments.extend(["--format", "json", "--reproducible"].map(str::to_owned));
        if !more.contains(&"--fail-on") {
            arguments.extend(["--fail-on", "unknown,low"].map(str::to_owned));
        }
        arguments.extend(more.iter().map(|one| (*one).to_owned()));
        arguments
    }

    pub fn sweep(&self, cache: &Path, more: &[&str]) -> (i32, Value) {
        let run = Cli::run(self.arguments(cache, more));
        assert!([0, 1, 3].contains(&run.code), "exit {}: {}", run.code, run.stderr);
        (run.code, run.json())
    }
}

pub fn number(json: &Value, key: &str) -> u64 {
    json["sweep"][key].as_u64().unwrap_or_else(|| panic!("{key}: {}", json["sweep"]))
}

/// Ids of the targets that something names.
pub fn named<'a>(list: &'a Value) -> BTreeSet<&'a str> {
    let one = |item: &'a Value| item["target"].as_str().or(item.as_str()).unwrap();
    list.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn nights_fetch_what_changed_and_count_what_is_new() {
    let mut fleet = Fleet::new(12);
    let first = fleet.advisories(&["common"]);
    let (code, json) = fleet.sweep(&first, &[]);
    assert_eq!((code, number(&json, "downloaded"), number(&json, "functions")), (1, 12, 12));
    assert_eq!(json["targets"].as_array().unwrap().len(), 12);

    let (code, json) = fleet.sweep(&first, &[]);
    assert_eq!((code, number(&json, "downloaded"), number(&json, "reused")), (0, 0, 12), "nothing is new");
    assert_eq!(named(&json["sweep"]["changes"]["findings"]["new"]).len(), 0);
    assert_eq!(fleet.sweep(&first, &["--fail-on-existing"]).0, 1);

    (0..5).for_each(|number| fleet.deploy(number, "2.0.0"));
    let (code, json) = fleet.sweep(&first, &[]);
    assert_eq!((code, number(&json, "downloaded")), (0, 5));
    let changes = &json["sweep"]["changes"];
    assert_eq!(named(&changes["functions"]["changed"]).len(), 5);
    assert_eq!(named(&changes["findings"]["fixed"]).len(), 5);

    let second = fleet.advisories(&["common", "own-7"]);
    let (code, json) = fleet.sweep(&second, &[]);
    assert_eq!((code, number(&json, "downloaded")), (1, 0), "a new advisory");
    assert_eq!(named(&json["sweep"]["changes"]["findings"]["new"]), ["f7.zip"].into());

    let (code, again) = fleet.sweep(&second, &["--offline"]);
    assert_eq!((code, named(&again["sweep"]["changes"]["findings"]["new"])), (1, ["f7.zip"].into()));

    std::fs::remove_file(fleet.path("functions/f9.zip")).unwrap();
    let (_, json) = fleet.sweep(&second, &[]);
    assert_eq!(named(&json["sweep"]["changes"]["functions"]["gone"]), ["f9.zip"].into());
    assert_eq!(named(&json["sweep"]["changes"]["findings"]["fixed"]).len(), 0, "gone is not fixed");
}

#[test]
fn other_rules_read_again_and_say_so() {
    let mut fleet = Fleet::new(3);
    let cache = fleet.advisories(&[]);
    fleet.sweep(&cache, &[]);
    let rules = r#"
        [[rule]]
        id = "house-token"
        vendor = "house"
        title = "House token"
        pattern = 'house_[a-z]{12}'
        keywords = ["house_"]
        severity = "high"
        confidence = "high"
        max_len = 18
        examples = [["house_", "qzkfwmtrxbvd"], ["house_", "mhtwqkzrvxnb"]]
        non_examples = [["house_", "short"], ["mouse_", "qzkfwmtrxbvd"]]
        revoke = "ask the house"
        source = "https://rules.example.com/"
    "#;
    let file = write(fleet.folder.path(), "rules.toml", rules.as_bytes());
    let (_, json) = fleet.sweep(&cache, &["--rules", file.to_str().unwrap()]);
    assert_eq!(number(&json, "downloaded"), 3);
    assert!(json["sweep"]["rescanned"].as_str().is_some_and(|why| why.contains("rules")), "{}", json["sweep"]);
}

#[test]
fn other_allowances_count_without_reading_again() {
    let mut fleet = Fleet::new(3);
    let cache = fleet.advisories(&[]);
    // How often the secret of all functions is waived, and by which line.
    let waived = |policy: &str| {
        let file = write(fleet.folder.path(), "policy.toml", policy.as_bytes());
        let (_, json) = fleet.sweep(&cache, &["--policy", file.to_str().unwrap()]);
        assert!(json["sweep"]["rescanned"].is_null(), "{}", json["sweep"]);
        assert_eq!(json["policy"]["waivers_unused"].as_array().unwrap().len(), 0, "{}", json["policy"]);
        let targets = json["targets"].as_array().unwrap().iter();
        let by = targets.filter_map(|target| {
            let secret = target["findings"].as_array().unwrap().iter().find(|finding| finding["kind"] == "secret");
            let by = secret.unwrap()["waived"]["by"].as_str()?;
            Some(by.rsplit(':').next().unwrap().to_owned())
        });
        (number(&json, "downloaded"), by.collect::<Vec<String>>())
    };
    let lines = |line: &str| vec![line.to_owned(); 3];
    let by_place = "[[allow-secrets]]\npath = 'index.js'\nreason = 'opens nothing'\n";
    assert_eq!(waived(by_place), (3, lines("3")));
    assert_eq!(waived(&format!("# Another line.\n{by_place}")), (0, lines("4")));
    let digest = hex(&Sha256::digest(plant("@@github-token@@")));
    let by_value = by_place.replace("path = 'index.js'", &format!("value = 'sha256:{digest}'"));
    assert_eq!(waived(&by_value), (0, lines("3")), "a value that is not kept is known by its digest");
    assert_eq!(waived(""), (0, Vec::new()));
}

#[test]
fn threads_change_no_byte() {
    let mut fleet = Fleet::new(9);
    let cache = fleet.advisories(&["common"]);
    let mut outputs = BTreeSet::new();
    for (threads, parallel) in [("1", "1"), ("2", "4")] {
        let arguments = fleet.arguments(&cache, &["--threads", threads, "--parallel", parallel]);
        outputs.insert(Cli::run_at(1_800_000_000, arguments).stdout);
        std::fs::remove_dir_all(fleet.path("state")).unwrap();
    }
    assert_eq!(outputs.len(), 1);
}

#[test]
fn a_state_of_something_else_is_refused() {
    let mut fleet = Fleet::new(1);
    let cache = fleet.advisories(&[]);
    write(&fleet.path("state"), "notes.txt", b"mine");
    let run = Cli::run(fleet.arguments(&cache, &[]));
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("holds no state of sweeps"), "{}", run.stderr);
    assert_eq!(std::fs::read_dir(fleet.path("state")).unwrap().count(), 1, "nothing was touched");
}

#[test]
fn sweeps_that_are_killed_lose_nothing() {
    let mut fleet = Fleet::new(60);
    let cache = fleet.advisories(&["common"]);
    let begun = Instant::now();
    let (_, whole) = fleet.sweep(&cache, &[]);
    let time = begun.elapsed();
    let anew = || std::fs::remove_dir_all(fleet.path("state")).unwrap();
    anew();
    let (mut killed, mut kept) = (0, false);
    for round in 0..20u32 {
        let told = fleet.path("told.json");
        let mut command = Command::new(Cli::program());
        Cli::scrub(&mut command).args(fleet.arguments(&cache, &[]));
        let out = std::fs::File::create(&told).unwrap();
        let mut child = command.stdout(out).stderr(Stdio::null()).spawn().unwrap();
        // Spread over the time that a whole sweep takes, in no order.
        std::thread::sleep(time.mul_f64(f64::from(round * 7 % 20) / 20.0) + Duration::from_millis(3));
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        // Whoever came to tell it told everything that those before were killed for, even if killed then.
        let Ok(report) = serde_json::from_slice::<Value>(&std::fs::read(told).unwrap()) else { continue };
        assert_eq!(report["targets"], whole["targets"]);
        kept |= number(&report, "downloaded") < 60;
        anew();
    }
    let (_, last) = fleet.sweep(&cache, &[]);
    kept |= number(&last, "downloaded") < 60;
    assert_eq!(last["targets"], whole["targets"], "what nobody was told of is still new");
    assert!(killed > 5, "{killed} were killed in the middle");
    assert!(kept, "what was done is not fetched again");
}

#[test]
fn news_that_could_not_be_told_stays_new() {
    let mut fleet = Fleet::new(2);
    let cache = fleet.advisories(&["common"]);
    // A webhook that nobody listens at.
    let run = Cli::run(fleet.arguments(&cache, &["--notify", "http://127.0.0.1:9/"]));
    assert_eq!(run.code, 2, "{}", run.stderr);
    let (code, json) = fleet.sweep(&cache, &[]);
    assert_eq!((code, number(&json, "downloaded")), (1, 0), "read, and not told");
    assert_eq!(named(&json["sweep"]["changes"]["findings"]["new"]).len(), 2);
    assert_eq!(fleet.sweep(&cache, &[]).0, 0, "told");
}
