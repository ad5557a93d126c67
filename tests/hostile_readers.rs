//! Whatever stands in a file of any format, every reader that wants it ends without a panic, and so does what lays their
//! findings together. Shapes that made a reader slow or greedy are kept here with the bound that they broke.

use proptest::prelude::*;
use serde_json::json;
use tidewaiter::extract::{ALL, Entry, Joined, LockedVersions, Sink, join};
use tidewaiter::model::{Evidence, Location};

use crate::support::{Cli, Zip};

#[path = "../src/formats/clock.rs"]
mod clock;

/// One small file for each format: enough for a reader to get past its first lines.
const SEEDS: [(&str, &[u8]); 38] = [
    ("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\nImplementation-Title: a\r\n b\r\nBundle-SymbolicName: org.a.b\r\n\r\n"),
    ("META-INF/maven/g/a/pom.properties", b"groupId=g\nartifactId=a\nversion=1.\\\n 0\n"),
    ("META-INF/maven/g/a/pom.xml", b"<project><parent><groupId>g</groupId></parent><artifactId>a${x}</artifactId><version>${v}</version><properties><x>-b</x><v>1</v></properties><dependencies><dependency><groupId>h</groupId><artifactId>c</artifactId></dependency></dependencies></project>"),
    ("pom.xml", b"<project><groupId>g</groupId><artifactId>a</artifactId></project>"),
    ("org/yaml/snakeyaml/Yaml.class", b"\xCA\xFE\xBA\xBE\0\0\0\x34\0\x10"),
    ("Cargo.lock", b"version = 3\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\nsource = \"registry+x\"\ndependencies = [\"b 1.0.0\"]\n"),
    ("fn.deps.json", br#"{"runtimeTarget":{"name":"t"},"targets":{"t":{"a/1.0":{"runtime":{"lib/a.dll":{}},"resources":{"lib/de/a.dll":{}}}}},"libraries":{"a/1.0":{"type":"package"}}}"#),
    ("fn.runtimeconfig.json", br#"{"runtimeOptions":{"framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"}}}"#),
    ("packages.lock.json", br#"{"version":1,"dependencies":{"net8.0":{"A":{"type":"Direct","resolved":"1.0.0","dependencies":{"B":"1"}}}}}"#),
    ("dist/i.js", b"var x = __commonJS({\n  \"node_modules/a/i.js\"(exports) {\n  }\n});\n// node_modules/b/i.mjs\n/*! Bundled license information:\n\nc/i.js:\n  x\n*/\nvar p={name:\"d\",version:\"1.2.3\",main:\"x\",license:\"MIT\",author:\"x\",homepage:\"x\"};\n//# sourceMappingURL=i.js.map\n"),
    ("dist/j.js", b"x();\n//# sourceMappingURL=data:application/json;base64,eyJ2ZXJzaW9uIjozLCJzb3VyY2VzIjpbIm5vZGVfbW9kdWxlcy9hL2kuanMiXSwibWFwcGluZ3MiOiIifQ==\n"),
    ("dist/i.js.map", br#"{"version":3,"sourceRoot":"../","sources":["node_modules/.pnpm/a@1.0.0/node_modules/a/i.js","node_modules/b/package.json"],"sourcesContent":["x","{\"name\":\"b\",\"version\":\"1.0.0\"}"],"sections":[{"map":{"sources":["c"]}}],"mappings":"A"}"#),
    ("dist/meta.json", br#"{"inputs":{},"outputs":{"dist/i.js":{"inputs":{"node_modules/a/i.js":{"bytesInOutput":1}}}}}"#),
    ("dist/i.js.LICENSE.txt", b"Bundled license information:\n\na/i.js:\n  x\n/*! js-yaml 4.1.0 https://github.com/nodeca/js-yaml @license MIT */\n"),
    ("ruby/specifications/a-1.0.gemspec", b"# -*- encoding: utf-8 -*-\n# stub: a 1.0 ruby lib\n\nGem::Specification.new do |s|\n  s.name = \"a\".freeze\n  s.version = \"1.0\"\n  s.add_runtime_dependency(%q<b>.freeze, [\">= 0\"])\nend\n"),
    ("ruby/bundler/gems/a-0123/a.gemspec", b"Gem::Specification.new do |s|\n  s.name = 'a'\n  s.version = A::VERSION\nend\n"),
    ("Gemfile.lock", b"GEM\n  remote: https://gems.example.com/\n  specs:\n    a (1.0)\n      b (>= 1)\n    b (1.0-x86_64-linux)\n\nDEPENDENCIES\n  a (~> 1.0)!\n"),
    ("vendor/composer/installed.json", br#"{"packages":[{"name":"a/b","version":"v1.0","install-path":"../a/b","require":{"c/d":"^1"}}],"dev-package-names":["a/b"]}"#),
    ("vendor/composer/installed.php", b"<?php return array('root' => array('name' => 'x'), 'versions' => array('a/b' => array('pretty_version' => 'v1.0', 'install_path' => __DIR__ . '/../a/b', 'dev_requirement' => false)));\n"),
    ("composer.lock", br#"{"packages":[{"name":"a/b","version":"v1.0","require":{"php":"8"}}],"packages-dev":[]}"#),
    ("composer.json", br#"{"name":"x/y","require":{"a/b":"1.0.0"},"require-dev":{"c/d":"^1"}}"#),
    ("bom.cdx.json", br#"{"bomFormat":"CycloneDX","metadata":{"component":{"bom-ref":"r"}},"components":[{"bom-ref":"a","purl":"pkg:npm/%40s/a@1.0.0","components":[{"purl":"pkg:maven/g/b@2"}]}],"dependencies":[{"ref":"r","dependsOn":["a"]}]}"#),
    ("sbom.spdx.json", br#"{"spdxVersion":"SPDX-2.3","packages":[{"SPDXID":"a","versionInfo":"1","externalRefs":[{"referenceType":"purl","referenceLocator":"pkg:pypi/a@1"}]}],"relationships":[]}"#),
    ("python/requests/__version__.py", b"__title__ = 'requests'\n__version__: str = '2.28.0'\n"),
    ("python/yaml/__init__.py", b"VERSION = (5, 0, 0, 'rc', 1)\n__version__ = version = \"\"\"6.0\"\"\"\n"),
    ("pip/_vendor/vendor.txt", b"requests==2.28.0 # x\nurllib3==1.26.0; python_version < '4'\n"),
    ("a-1.dist-info/METADATA", b"Metadata-Version: 2.1\nName: a\nVersion: 1\nRequires-Dist: b (>=1) ; extra == 'x'\n\nx"),
    ("a-1.dist-info/RECORD", b"a/__init__.py,sha256=x,1\n\"b,c.py\",,\n../../bin/a,,\n"),
    ("requirements.txt", b"a==1.0 \\\n  --hash=sha256:x\n-r other.txt\n"),
    ("poetry.lock", b"[[package]]\nname = \"a\"\nversion = \"1.0\"\n[package.dependencies]\nb = \"*\"\n"),
    ("uv.lock", b"version = 1\n[[package]]\nname = \"a\"\nversion = \"1.0\"\nsource = { registry = \"x\" }\n"),
    ("pylock.toml", b"lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\nversion = \"1.0\"\n"),
    ("package.json", br#"{"name":"x","version":"1.0.0","dependencies":{"a":"^1.0.0"},"workspaces":["p/*"]}"#),
    ("node_modules/a/package.json", br#"{"name":"a","version":"1.0.0","dependencies":{"b":"1"},"scripts":{"postinstall":"node x"}}"#),
    ("package-lock.json", br#"{"lockfileVersion":3,"packages":{"":{"dependencies":{"a":"1"}},"node_modules/a":{"version":"1.0.0"}}}"#),
    ("yarn.lock", b"# yarn lockfile v1\n\na@^1.0.0, \"@s/b@1\":\n  version \"1.0.0\"\n  dependencies:\n    c \"1\"\n"),
    ("pnpm-lock.yaml", b"lockfileVersion: '9.0'\npackages:\n  a@1.0.0(b@2.0.0):\n    resolution: {integrity: x}\nsnapshots:\n  a@1.0.0(b@2.0.0): {}\n"),
    ("bin/program", b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\x40\0\x38\0\0\0\x40\0\x02\0\x01\0\xff Go buildinf:\x08\x02"),
];

fn read(sink: &mut Sink, path: &str, bytes: &[u8]) -> usize {
    let location = Location::artifact(0).child(path);
    let head = &bytes[..bytes.len().min(512)];
    let mut readers = 0;
    for extractor in ALL.iter().filter(|extractor| extractor.wants(path, head)) {
        let mut one = Sink::default();
        extractor.extract(&Entry { location: &location, bytes }, &mut one);
        sink.append(one);
        readers += 1;
    }
    readers
}

fn joined(sink: Sink) -> Joined {
    join(sink, &LockedVersions::default())
}

/// Runs something, and checks the processor time that it took. What is caught here takes minutes to hours, or all memory.
fn in_time<T>(what: impl FnOnce() -> T) -> T {
    let start = clock::spent();
    let out = what();
    let spent = clock::spent() - start;
    assert!(spent.as_secs() < 20, "{spent:?}");
    out
}

#[derive(Clone, Debug)]
enum Change {
    Set(usize, u8),
    Cut(usize),
    Take(usize, usize),
    Repeat(usize, usize, usize),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let byte = prop_oneof![any::<u8>(), proptest::sample::select(b"\0\xff\"\\{}[]<>$/,:=\n @-.9".to_vec())];
    let one = prop_oneof![
        4 => (any::<usize>(), byte).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => any::<usize>().prop_map(Change::Cut),
        2 => (any::<usize>(), 0..9usize).prop_map(|(at, count)| Change::Take(at, count)),
        2 => (any::<usize>(), 1..40usize, 2..9usize).prop_map(|(at, length, count)| Change::Repeat(at, length, count)),
    ];
    proptest::collection::vec(one, 1..6)
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        let length = bytes.len();
        match *change {
            _ if length == 0 => {}
            Change::Set(at, byte) => bytes[at % length] = byte,
            Change::Cut(at) => bytes.truncate(at % length),
            Change::Take(at, count) => drop(bytes.drain(at % length..(at % length + count).min(length))),
            Change::Repeat(at, piece, count) => {
                let piece = bytes[at % length..(at % length + piece).min(length)].repeat(count);
                bytes.splice(at % length..at % length, piece);
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn changed_files_are_read_to_their_end(
        files in proptest::collection::vec((proptest::sample::select(SEEDS.to_vec()), changes()), 1..4),
    ) {
        let mut sink = Sink::default();
        for ((path, bytes), changes) in files {
            read(&mut sink, path, &changed(bytes.to_vec(), &changes));
        }
        for package in joined(sink).packages {
            prop_assert!(!package.locations.is_empty(), "{}", package.name);
        }
    }
}

#[test]
fn every_beginning_of_every_file_is_read() {
    for (path, bytes) in SEEDS {
        assert!(read(&mut Sink::default(), path, bytes) > 0, "{path} is read by nobody");
        for end in 0..bytes.len() {
            let mut sink = Sink::default();
            read(&mut sink, path, &bytes[..end]);
            joined(sink);
        }
    }
}

#[test]
fn dependencies_that_name_one_huge_property() {
    let dependencies = "<dependency><groupId>${p}</groupId><artifactId>a</artifactId></dependency>".repeat(10_000);
    let huge = "x".repeat(8 << 20);
    let pom =
        format!("<project><properties><p>{huge}</p></properties><dependencies>{dependencies}</dependencies></project>");
    in_time(|| read(&mut Sink::default(), "pom.xml", pom.as_bytes()));
}

#[test]
fn poms_of_one_name_that_contradict_each_other() {
    let wants = "<dependency><groupId>g</groupId><artifactId>a</artifactId></dependency>".repeat(1000);
    let pom = format!("<project><dependencies>{wants}</dependencies></project>");
    let mut sink = Sink::default();
    read(&mut sink, "META-INF/maven/g/a/pom.xml", pom.as_bytes());
    for version in 0..30_000 {
        let text = format!("groupId=g\nartifactId=a\nversion={version}\n");
        read(&mut sink, "META-INF/maven/g/a/pom.properties", text.as_bytes());
    }
    assert_eq!(in_time(|| joined(sink)).packages.len(), 30_000);
}

#[test]
fn outputs_of_one_name_and_scripts_of_that_name() {
    let mut sink = Sink::default();
    for index in 0..20_000 {
        read(&mut sink, &format!("a{index}/i.js"), b"x");
    }
    let output = |index: usize| format!(r#""b{index}/i.js":{{"inputs":{{"node_modules/p/i.js":{{}}}}}},"#);
    let outputs: String = (0..20_000).map(output).collect();
    read(&mut sink, "meta.json", format!(r#"{{"inputs":{{}},"outputs":{{{outputs}"":{{}}}}}}"#).as_bytes());
    in_time(|| joined(sink));
}

#[test]
fn a_bill_beside_many_packages_of_another_ecosystem() {
    let mut sink = Sink::default();
    for index in 0..30_000 {
        let text = format!(r#"{{"name":"p{index}","version":"1.0.0"}}"#);
        read(&mut sink, &format!("node_modules/p{index}/package.json"), text.as_bytes());
    }
    let components: Vec<_> = (0..30_000).map(|index| json!({"purl": format!("pkg:pypi/a{index}@1")})).collect();
    let bill = json!({"bomFormat": "CycloneDX", "components": components}).to_string();
    read(&mut sink, "bom.json", bill.as_bytes());
    let packages = in_time(|| joined(sink)).packages;
    assert_eq!(packages.iter().filter(|package| package.evidence == Evidence::Declared).count(), 30_000);
}

#[test]
fn keys_of_dotnet_that_come_many_times() {
    let folder = "f".repeat(30_000);
    for kind in ["project", "package"] {
        let needs: String = (0..20_000).map(|index| format!(r#""n{index}":"1","#)).collect();
        let files: String = (0..20_000).map(|index| format!(r#""de/{index}":{{}},"#)).collect();
        let assets = format!(
            r#"{{"dependencies":{{{needs}"z":"1"}},"runtime":{{{files}"a":{{}}}},"resources":{{{files}"a":{{}}}}}}"#
        );
        let keys = format!(r#""a/1":{{"type":"{kind}"}},"#).repeat(20_000);
        let text =
            format!(r#"{{"targets":{{"t":{{"a/1":{assets}}}}},"libraries":{{{keys}"b/1":{{"type":"package"}}}}}}"#);
        let mut sink = Sink::default();
        in_time(|| read(&mut sink, &format!("{folder}/a.deps.json"), text.as_bytes()));
        let required: usize = sink.found.iter().map(|found| found.package.requires.len()).sum();
        assert!(required <= 20_001 && sink.own.len() <= 1_000, "{required}");
    }
}

#[test]
fn what_package_files_list_together_is_bounded() {
    let list: String = (0..150_000).map(|index| format!("{index}\n")).collect();
    let mut zip = Zip::new();
    for index in 0..10 {
        zip = zip.file(format!("a{index}-1.dist-info/RECORD"), list.as_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fn.zip");
    std::fs::write(&path, zip.file("app.py", b"x = 1\n").build()).unwrap();
    let (_, result) = Cli::scan(&path, &[]);
    let gaps = result["targets"][0]["coverage"]["gaps"].as_array().unwrap().clone();
    let over = gaps.iter().filter(|gap| gap["kind"] == "over_limit" || gap["kind"] == "over-limit");
    assert!(over.clone().count() > 0 && over.clone().all(|gap| gap["level"] == "blocking"), "{gaps:?}");
}
