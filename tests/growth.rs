//! What the program costs as its input grows, in instructions: twice the work may cost little more than twice as much.
//!
//! A cost that grows with the square is not seen on small archives and ruins large ones. What a run costs without any
//! input is taken off first: it would hide the growth of the rest.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Instant;

use crate::cached::synced;
use crate::support::osv::{Bucket, record};
use crate::support::peak::peak_memory;
use crate::support::synthetic::{Synthetic, node_archive};
use crate::support::{Cli, Zip, instructions, write};

/// What a doubling may cost at most; two is what it must cost where everything is read.
const DOUBLING: f64 = 2.2;

/// Fails if the cost of more work grows faster than [`DOUBLING`] allows; `idle` is the cost of none.
pub fn assert_proportional(idle: u64, costs: &[(u64, u64)]) {
    for pair in costs.windows(2) {
        let [(less, cheap), (more, dear)] = pair else { unreachable!("windows of two") };
        let grown = dear.saturating_sub(idle) as f64 / cheap.saturating_sub(idle) as f64;
        let allowed = (*more as f64 / *less as f64).powf(DOUBLING.log2());
        assert!(
            grown <= allowed,
            "from {less} to {more} the cost is {grown:.2} times, over {allowed:.2}; {idle}, {costs:?}"
        );
    }
}

/// The cost of scanning an archive of each size.
fn scans(program: &str, sizes: &[u64], archive: impl Fn(u64) -> Zip) -> Vec<(u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let cost = |size: &u64| {
        let target = write(folder.path(), "function.zip", &archive(*size).build());
        (*size, instructions::scan(program, target.as_os_str(), &[]))
    };
    sizes.iter().map(cost).collect()
}

/// The cost of scanning next to nothing.
fn idle(program: &str) -> u64 {
    static IDLE: OnceLock<u64> = OnceLock::new();
    *IDLE.get_or_init(|| scans(program, &[0], |_| Zip::new().file("index.js", "exports.handler = 1;\n"))[0].1)
}

/// Other content in each package: equal entries could be looked at once.
fn packages(count: u64) -> Zip {
    node_archive(11, count as usize)
}

fn one_entry(kilobytes: u64) -> Zip {
    Zip::new().file("index.js", Synthetic::new(12).script((kilobytes << 10) as usize))
}

/// Every second entry is a package's manifest, so that the inventory grows with the archive.
fn entries(count: u64) -> Zip {
    (0..count.div_ceil(2)).fold(Zip::new().wide_end(), |zip, number| {
        let zip = zip.file(
            format!("node_modules/made-up-{number}/package.json"),
            format!("{{\"name\": \"made-up-{number}\", \"version\": \"1.{number}.0\"}}"),
        );
        if 2 * number + 1 == count {
            return zip;
        }
        zip.file(format!("node_modules/made-up-{number}/index.js"), format!("exports.number = {number};\n"))
    })
}

/// A Gitleaks configuration with so many rules, each of its own keyword.
fn rules(count: u64) -> String {
    let rule = |number| {
        let prefix = prefix(number);
        format!(
            "[[rules]]\nid = 'made-up-{number}'\nregex = '''\\b{prefix}[0-9a-f]{{24}}\\b'''\nkeywords = ['{prefix}']\n"
        )
    };
    (0..count).map(rule).collect()
}

fn prefix(number: u64) -> String {
    format!("zq{:04}_", number * 7919 % 10_000)
}

/// A match for each of so many [`rules`], between lines of code.
fn with_matches(count: u64) -> Zip {
    let mut made = Synthetic::new(13);
    let line = |number| {
        let code = String::from_utf8(made.script(200)).unwrap();
        format!(
            "{code}const value = '{}{:024x}';\n",
            prefix(number),
            u128::from(number + 1) * 0x1234_5678_9abc_def1_2345
        )
    };
    Zip::new().file("index.js", (0..count).map(line).collect::<String>())
}

#[test]
fn the_cost_of_packages_grows_with_their_number() {
    let Some(program) = instructions::release() else { return };
    assert_proportional(idle(&program), &scans(&program, &[4, 8, 16, 32], packages));
}

#[test]
fn the_cost_of_one_entry_grows_with_its_size() {
    let Some(program) = instructions::release() else { return };
    assert_proportional(idle(&program), &scans(&program, &[512, 1024, 2048, 4096], one_entry));
}

#[test]
fn the_cost_of_entries_grows_with_their_number() {
    let Some(program) = instructions::release() else { return };
    assert_proportional(idle(&program), &scans(&program, &[1, 100, 5_000, 20_000], entries));
}

#[test]
fn the_cost_of_rules_grows_with_their_number() {
    let Some(program) = instructions::release() else { return };
    let folder = tempfile::tempdir().unwrap();
    let target = write(folder.path(), "function.zip", &with_matches(1000).build());
    let file = |count| write(folder.path(), "rules.toml", rules(count).as_bytes());
    let cost = |count| {
        let file = file(count);
        (count, instructions::scan(&program, target.as_os_str(), &["--rules".as_ref(), file.as_os_str()]))
    };
    // A file with an allow-list alone: what reading any file costs.
    let none = write(folder.path(), "none.toml", b"[allowlist]\npaths = ['^never$']\n");
    let without = instructions::scan(&program, target.as_os_str(), &["--rules".as_ref(), none.as_os_str()]);
    assert_proportional(without, &[10, 100, 250, 1000].map(cost));
}

#[test]
fn more_advisories_of_other_packages_cost_a_scan_next_to_nothing() {
    let Some(program) = instructions::release() else { return };
    let folder = tempfile::tempdir().unwrap();
    let target = write(folder.path(), "function.zip", &entries(200).build());
    let cost = |count: u64| {
        let root = folder.path().join(count.to_string());
        let cache = advisories(&root, count);
        instructions::scan(&program, target.as_os_str(), &["--cache".as_ref(), cache.as_os_str()])
    };
    let [few, many] = [1_000, 10_000].map(cost);
    assert!(many <= few + few / 20, "ten times the advisories: {few} instructions became {many}");
}

/// A cache of so many advisories: four for each of the hundred packages of [`entries`], the others elsewhere.
fn advisories(root: &Path, count: u64) -> PathBuf {
    std::fs::create_dir_all(root).unwrap();
    let mut bucket = Bucket::default();
    for number in 0..count {
        let name = if number < 400 { format!("made-up-{}", number / 4) } else { format!("elsewhere-{number}") };
        bucket.put("npm", &record(&format!("TEST-{number}"), "2024-01-01T00:00:00Z", "npm", &name, "1.50.0"));
    }
    synced(root, &bucket)
}

/// The table of `docs/benchmarks.md`: seconds and memory, up to sizes that Valgrind would take an hour for.
#[test]
#[ignore = "takes minutes and measures seconds: for docs/benchmarks.md"]
fn table() {
    let program = instructions::named();
    let folder = tempfile::tempdir().unwrap();
    let scanned = |what: &str, zip: Zip, more: &[&OsStr]| {
        let target = write(folder.path(), "function.zip", &zip.build());
        row(&program, what, &target, more);
    };
    for count in [0, 250, 500, 1000, 2000] {
        scanned(&format!("{count} packages of 100 KB"), packages(count), &[]);
    }
    for megabytes in [1, 16, 63, 125, 250] {
        scanned(&format!("one entry of {megabytes} MiB"), one_entry(megabytes << 10), &[]);
    }
    for count in [1, 100, 10_000, 20_000, 35_000, 70_000] {
        scanned(&format!("{count} entries"), entries(count), &[]);
    }
    for count in [10, 100, 250, 1000] {
        let file = write(folder.path(), "rules.toml", rules(count).as_bytes());
        scanned(&format!("{count} more rules"), with_matches(1000), &["--rules".as_ref(), file.as_os_str()]);
    }
    for count in [1_000, 10_000, 100_000] {
        let begun = Instant::now();
        let cache = advisories(&folder.path().join(count.to_string()), count);
        let sync = begun.elapsed().as_secs_f64();
        let what = format!("{count} advisories (synced in {sync:.1} s)");
        scanned(&what, entries(200), &["--cache".as_ref(), cache.as_os_str()]);
    }
}

/// The median of five scans in one thread, and the peak of their memory.
#[expect(clippy::disallowed_macros, reason = "the table is what it is run for")]
fn row(program: &str, what: &str, target: &Path, more: &[&OsStr]) {
    let run = || {
        let mut command = Command::new(program);
        Cli::scrub(&mut command).args(["scan", "--format", "json", "--threads", "1"]).arg(target).args(more);
        let begun = Instant::now();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        let peak = peak_memory(&mut child);
        (begun.elapsed(), peak)
    };
    let mut runs = [(); 5].map(|()| run());
    runs.sort();
    let peak = runs.iter().map(|run| run.1).max().unwrap_or(0);
    println!("| {what} | {:.0} ms | {} MiB |", runs[2].0.as_secs_f64() * 1e3, peak >> 20);
}
