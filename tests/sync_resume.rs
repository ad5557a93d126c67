//! Downloads that a later run goes on with.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::Cli;
use crate::support::http::{Asked, Fault};
use crate::support::osv::{Bucket, record};
use crate::sync::{Site, bucket};

/// Where the first run is killed.
const BROKEN_OFF: usize = 20_000;

/// A site whose archive a sync had begun to fetch when it was killed.
fn begun(state: &Bucket) -> Site {
    let site = Site::new(state);
    site.server.fault("/npm/all.zip", Fault::Stall(BROKEN_OFF), 1);
    let mut command = Command::new(Cli::program());
    Cli::scrub(&mut command).args(["db", "sync", "--quiet", "--from", &site.server.url(""), "--cache"]);
    let mut child = command.arg(site.cache.path()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let part = site.cache.path().join("downloads/npm.zip");
    let deadline = Instant::now() + Duration::from_secs(60);
    while fs::metadata(&part).map_or(0, |metadata| metadata.len()) < BROKEN_OFF as u64 {
        assert!(Instant::now() < deadline, "the download does not come that far");
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    site.server.mend();
    site.server.asked();
    site.server.sent();
    site
}

/// The requests for the archive since the last call.
fn asked(site: &Site) -> Vec<Asked> {
    site.server.asked().into_iter().filter(|asked| asked.path == "/npm/all.zip").collect()
}

#[test]
fn a_killed_download_goes_on_where_it_broke_off() {
    let site = begun(&bucket(600));
    let whole = fs::metadata(site.bucket.path().join("npm/all.zip")).unwrap().len();
    let report = site.sync().unwrap();
    assert_eq!(report.current.snapshot, site.fresh());
    let asked = asked(&site);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].headers["range"], format!("bytes={BROKEN_OFF}-"));
    assert!(asked[0].headers["if-range"].starts_with('"'), "only of the very archive: {asked:?}");
    // Lists and heads cost less than what did not have to come again.
    let lists: u64 = ["npm", "PyPI"]
        .map(|name| fs::metadata(site.bucket.path().join(name).join("modified_id.csv")).unwrap().len())
        .iter()
        .sum();
    let rest = whole - BROKEN_OFF as u64;
    let sent = site.server.sent();
    assert!((rest..rest + lists + 4000).contains(&sent), "{sent} bytes for a rest of {rest}");
    assert_eq!(fs::read_dir(site.cache.path().join("downloads")).unwrap().count(), 0);
}

#[test]
fn a_server_without_ranges_sends_the_whole_again() {
    let site = begun(&bucket(600));
    site.server.fault("/npm/all.zip", Fault::NoRange, usize::MAX);
    let report = site.sync().unwrap();
    assert_eq!(report.current.snapshot, site.fresh());
    let asked = asked(&site);
    assert!(asked.len() == 1 && asked[0].headers.contains_key("range"), "{asked:?}");
}

#[test]
fn an_archive_that_changed_meanwhile_is_never_mixed_with_its_predecessor() {
    let mut state = bucket(600);
    let site = begun(&state);
    for number in 0..600 {
        state.put("npm", &record(&format!("TEST-{number}"), "2024-06-01T00:00:00Z", "npm", "changed", "7.0.0"));
    }
    state.write(site.bucket.path());
    let report = site.sync().unwrap();
    assert_eq!(report.current.snapshot, site.fresh());
    assert_eq!(report.skipped, []);
    let asked = asked(&site);
    assert!(asked.len() == 1 && asked[0].headers.contains_key("range"), "{asked:?}");
}

#[test]
fn an_archive_that_came_is_kept_for_the_next_run() {
    let site = Site::new(&bucket(600));
    let whole = fs::metadata(site.bucket.path().join("npm/all.zip")).unwrap().len();
    let cache = site.cache.path().join("downloads");
    site.server.fault("/PyPI/modified_id.csv", Fault::NoLength, usize::MAX);
    site.sync().unwrap_err();
    assert!(!cache.exists(), "nothing is fetched before every list is there");
    site.server.mend();
    site.server.fault("/PyPI/all.zip", Fault::Status(403, String::new()), 1);
    site.sync().unwrap_err();
    // The other archive may have come before the failure, or may not have been begun.
    site.server.asked();
    site.server.sent();
    let kept = fs::metadata(cache.join("npm.zip")).map_or(0, |metadata| metadata.len());
    assert!(kept == whole || kept == 0, "{kept}");
    let report = site.sync().unwrap();
    assert_eq!(report.current.snapshot, site.fresh());
    if kept == whole {
        assert!(site.server.sent() < whole, "the archive is not sent twice");
    }
}
