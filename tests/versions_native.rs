//! The ecosystems' own tools as oracles, one process comparing many pairs each.
//!
//! Python's `packaging` and node's `semver` are fetched from their registries; `tests/run` installs Ruby, PHP with
//! Composer's library, and Java with Maven's. A tool that is missing is said loudly, and in CI is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tidewaiter::model::Ecosystem;
use tidewaiter::version;

use crate::support::tool::skip;

/// Whether the command ends well.
fn runs(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Feeds `a<TAB>b` lines to an oracle that answers each with -1, 0 or 1, with `!` where we must refuse one of the two as
/// it does, or with `?` where it is not to be asked; compares with ours. At least a third must be numbers.
fn agree(ecosystem: Ecosystem, oracle: &mut Command, versions: &BTreeSet<String>) {
    let pairs: Vec<(&String, &String)> = versions.iter().flat_map(|a| versions.iter().map(move |b| (a, b))).collect();
    let mut child = oracle.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle starts");
    let mut stdin = child.stdin.take().expect("piped");
    let input: String = pairs.iter().map(|(a, b)| format!("{a}\t{b}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the oracle answers");
    writer.join().expect("no panic").expect("the oracle reads everything");
    assert!(output.status.success(), "the oracle failed");
    let answers = String::from_utf8(output.stdout).expect("text");
    assert_eq!(answers.lines().count(), pairs.len(), "one answer a line");

    let mut compared = 0;
    let mut different = Vec::new();
    for ((a, b), answer) in pairs.iter().zip(answers.lines()).filter(|(_, answer)| *answer != "?") {
        compared += usize::from(answer != "!");
        let ours = version::order(ecosystem).compare(a, b).map_or("!".to_owned(), |o| (o as i8).to_string());
        if ours != answer {
            different.push(format!("{a} against {b}: theirs {answer}, ours {ours}"));
        }
    }
    assert!(compared * 3 > pairs.len(), "only {compared} of {} pairs could be compared", pairs.len());
    assert!(
        different.is_empty(),
        "{ecosystem}: {} differ:\n{}",
        different.len(),
        different[..different.len().min(40)].join("\n")
    );
}

/// Every version of a table, and combinations of the given parts.
fn candidates(id: &str, heads: &[&str], tails: &[&str]) -> BTreeSet<String> {
    let mut all: BTreeSet<String> = crate::versions::table(id).into_iter().flat_map(|(a, _, b)| [a, b]).collect();
    all.extend(heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))));
    all
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).expect("a script is written");
    path
}

#[test]
fn packaging_agrees_on_pypi() {
    let folder = tempfile::tempdir().expect("a folder");
    if !runs(
        Command::new("python3").args(["-m", "pip", "install", "-q", "--target"]).arg(folder.path()).arg("packaging"),
    ) {
        return skip("Python's packaging is not there");
    }
    let text = "
import sys
from packaging.version import Version, InvalidVersion
def parse(s):
    try: return Version(s)
    except InvalidVersion: return None
for line in sys.stdin:
    a, b = map(parse, line.rstrip('\\n').split('\\t'))
    print('!' if a is None or b is None else (a > b) - (a < b))
";
    let heads = ["1", "1.0", "1.0.1", "1!1", "V2", "1.10", "01!01", "1.99999999999999999999"];
    let tails = [
        "",
        "a",
        "a-1",
        "b2",
        "rc1",
        ".post",
        "-1",
        ".dev1",
        "a1.dev2",
        "a1.post1",
        ".post1.dev1",
        "+cu118",
        "+1.a",
        "c1-2",
        "previewdev",
        "RC-01",
        "_b.2",
        "-2-3",
        ".post1a1",
        "+A",
        "+01",
        "+1-a_b",
        "+a..b",
        ".",
    ];
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder.path()).arg(script(folder.path(), "compare.py", text));
    agree(Ecosystem::PyPI, &mut python, &candidates("pep440", &heads, &tails));
}

#[test]
fn node_semver_agrees_on_npm() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut npm = Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(folder.path()).arg("semver");
    if !runs(&mut npm) {
        return skip("node's semver is not there");
    }
    // Build metadata has no place in npm's ranges; `compare` leaves it out, `compareBuild` would not.
    let text = "
const semver = require('semver');
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').slice(0, -1);
console.log(lines.map(line => {
  // Beyond 53 bits its numbers are rounded.
  if (/[0-9]{16}/.test(line)) return '?';
  const [a, b] = line.split('\\t').map(v => semver.parse(v, { loose: true }));
  return a && b ? semver.compare(a, b) : '?';
}).join('\\n'));
";
    let heads = ["1.0.0", "1.0.1", "0.0.0", "10.2.3", "v1.2.3", "=1.2.3"];
    let tails = [
        "",
        "-0",
        "-1",
        "-alpha",
        "-alpha.1",
        "-alpha.beta",
        "-rc.10",
        "-rc.9",
        "-rc10",
        "beta",
        "+b",
        "-x+b",
        "--",
        "-a-b",
    ];
    let mut node = Command::new("node");
    node.arg(script(folder.path(), "compare.js", text));
    agree(Ecosystem::Npm, &mut node, &candidates("semver", &heads, &tails));
}

#[test]
fn rubygems_agrees_on_gems() {
    if !runs(Command::new("ruby").arg("--version")) {
        return skip("Ruby is not there");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = "
STDIN.each_line(chomp: true) do |line|
  a, b = line.split(\"\\t\")
  # Platforms are cut before a version is made of the text, so Gem::Version is not asked for them.
  platform = line =~ /-(x86|x64|java|arm)/
  ok = Gem::Version.correct?(a) && Gem::Version.correct?(b)
  puts(platform ? '?' : ok ? Gem::Version.new(a) <=> Gem::Version.new(b) : '!')
end
";
    let heads = ["1", "1.0", "1.0.1", "0", "2.10", "1.0.0"];
    let tails = [
        "",
        ".a",
        ".0.a",
        ".pre",
        ".rc1",
        ".rc.1",
        "-rc1",
        "-1",
        ".b2.0",
        ".A",
        "a",
        ".a.0.1",
        "--a",
        ".00",
        ".01",
        ".a00",
        ".a.01",
        "-a-b",
        ".1a2b3",
        ".99999999999999999999",
        "_1",
        "+b",
        ".",
        "-",
        ".é",
    ];
    let mut ruby = Command::new("ruby");
    ruby.arg(script(folder.path(), "compare.rb", text));
    agree(Ecosystem::RubyGems, &mut ruby, &candidates("rubygems", &heads, &tails));
}

/// PHP itself compares what Composer has normalised, so only normal forms are given.
#[test]
fn php_agrees_on_packagist() {
    if !runs(Command::new("php").arg("--version")) {
        return skip("PHP is not there");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = "<?php
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = explode(\"\\t\", rtrim($line, \"\\n\"));
    echo version_compare($a, $b), \"\\n\";
}
";
    let heads = ["1.0.0.0", "1.0.0.1", "1.2.0.0", "10.0.0.0", "1.9999999.9999999.9999999", "20240131"];
    let tails =
        ["", "-dev", "-alpha", "-alpha1", "-beta2", "-beta10", "-RC1", "-RC1-dev", "-patch", "-patch1", "-patch2.1"];
    let versions = heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect();
    let mut php = Command::new("php");
    php.arg(script(folder.path(), "compare.php", text));
    agree(Ecosystem::Packagist, &mut php, &versions);
}

/// Composer's own normalisation, and PHP's comparison of what it gives.
#[test]
fn composer_agrees_on_packagist() {
    let library = Path::new("/usr/share/php/Composer/Semver/autoload.php");
    if !library.exists() || !runs(Command::new("php").arg("--version")) {
        return skip("Composer's library is not there");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = "<?php
require '/usr/share/php/Composer/Semver/autoload.php';
$parser = new Composer\\Semver\\VersionParser();
$normal = function ($text) use ($parser) {
    // PHP counts to 63 bits. A commit stands behind a version in lock files alone, where Composer does not normalise it.
    if (preg_match('/[0-9]{19}|#/', $text)) return '?';
    try { $version = $parser->normalize($text); } catch (UnexpectedValueException $e) { return '!'; }
    // A branch without a number is on no line of versions.
    return strncmp($version, 'dev-', 4) === 0 ? '!' : $version;
};
while (($line = fgets(STDIN)) !== false) {
    [$a, $b] = array_map($normal, explode(\"\\t\", rtrim($line, \"\\n\")));
    $either = array_intersect(['?', '!'], [$a, $b]);
    echo $either ? reset($either) : version_compare($a, $b), \"\\n\";
}
";
    let heads = [
        "1",
        "v1.0",
        "1.0.0",
        "1.0.1",
        "1.2.3.4",
        "20240131",
        "2024.01.31",
        "1.2.x",
        "99999.1",
        "V01.10",
        "2024-01",
        "1.2.*",
        "dev-main",
        "1.2.3.4.5",
    ];
    let tails = [
        "",
        "-dev",
        ".dev",
        "-alpha",
        "a1",
        "-b.2",
        "-beta10",
        "RC1",
        "-rc.2-dev",
        "-stable",
        "-p",
        "pl3",
        "-patch2.1",
        "+build",
        "-beta+build.5",
        "_dev",
        "-rc-1",
        "-p.1.2",
        "-stable-dev",
        "@beta",
        "@any",
        " as 2.0",
        "+",
        "-",
    ];
    let mut php = Command::new("php");
    php.arg(script(folder.path(), "normalize.php", text));
    agree(Ecosystem::Packagist, &mut php, &candidates("packagist", &heads, &tails));
}

/// Words between dots (`1.0.redhat-1`) among them, where the POM reference says otherwise.
#[test]
fn maven_agrees() {
    let jar = Path::new("/usr/share/java/maven3-artifact.jar");
    let commons = Path::new("/usr/share/java/commons-lang3.jar");
    if !jar.exists() || !runs(Command::new("java").arg("--version")) {
        return skip("Java with Maven's artifact library is not there");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let text = "
import java.io.*;
import org.apache.maven.artifact.versioning.ComparableVersion;
public class Compare {
    public static void main(String[] args) throws IOException {
        var in = new BufferedReader(new InputStreamReader(System.in));
        var out = new StringBuilder();
        for (String line; (line = in.readLine()) != null; ) {
            var pair = line.split(\"\\t\");
            out.append(Integer.signum(new ComparableVersion(pair[0]).compareTo(new ComparableVersion(pair[1])))).append('\\n');
        }
        System.out.print(out);
    }
}
";
    let heads = ["1", "1.0", "1.0.0", "1.0.1", "1.1", "2.10.0", "99999999999999999999"];
    let tails = [
        "",
        "-alpha",
        "-a1",
        "-beta-2",
        "-M1",
        "-milestone-2",
        "-rc1",
        "-RC10",
        "-cr2",
        "-SNAPSHOT",
        "-sp",
        "-sp1",
        ".Final",
        ".GA",
        "-jre",
        "-android",
        "-1",
        "-2",
        "-alpha-1-SNAPSHOT",
        ".v20190215",
        "-foo10",
        "-foo9",
        ".Beta2",
        ".CR2",
        ".SP2",
        ".jre8",
        "-b02",
        "-alpha.1",
        "-RC.2",
        "-RC1-SNAPSHOT",
        ".Final-redhat-2",
        ".Final-redhat-00001",
        ".redhat-00001",
        ".rc-1",
        ".alpha.1",
        ".BUILD-SNAPSHOT",
        ".0.sp.2",
        "-0.0.alpha2",
        "-.2",
        "--1",
        "-incubating-1",
        "-20230101.120000-1",
        "_1",
        "+1",
    ];
    let versions = heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}"))).collect();
    let mut java = Command::new("java");
    java.arg("-cp").arg(format!("{}:{}", jar.display(), commons.display()));
    java.arg(script(folder.path(), "Compare.java", text));
    agree(Ecosystem::Maven, &mut java, &versions);
}
