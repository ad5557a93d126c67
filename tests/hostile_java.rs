//! Whatever stands in a file of Java's package formats, reading it ends, and it does not grow without bound.

use proptest::prelude::*;
use tidewaiter::extract::{ALL, Entry, Joined, LockedVersions, Sink, join};
use tidewaiter::model::Location;

const PATHS: [&str; 7] = [
    "META-INF/MANIFEST.MF",
    "META-INF/maven/g/a/pom.properties",
    "META-INF/maven/g/a/pom.xml",
    "META-INF/maven/pom.xml",
    "x/META-INF/maven/g/b/pom.properties",
    "pom.xml",
    "org/yaml/snakeyaml/Yaml.class",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let words = vec![
        "<project>",
        "</project>",
        "<parent>",
        "</parent>",
        "<groupId>",
        "</groupId>",
        "<artifactId>",
        "</artifactId>",
        "<version>",
        "</version>",
        "<properties>",
        "</properties>",
        "<dependencies>",
        "</dependencies>",
        "<dependency>",
        "</dependency>",
        "<a/>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&#xD800;",
        "${",
        "}",
        "project.version",
        "groupId=",
        "artifactId=",
        "version=",
        "\\u00e9",
        "\\",
        ":",
        "\n",
        "\r",
        "\n ",
        "Implementation-Title: ",
        "Bundle-SymbolicName: ",
        "Implementation-Version: ",
        "org.yaml.snakeyaml",
        "a",
        ".",
        "-",
        "1.0",
        "/",
        " ",
    ];
    let word = prop_oneof![
        proptest::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

fn read(sink: &mut Sink, jar: &str, path: &str, bytes: &[u8]) {
    let location = Location::artifact(0).child(jar).child(path);
    for extractor in ALL.iter().filter(|extractor| extractor.wants(path, &bytes[..bytes.len().min(512)])) {
        let mut one = Sink::default();
        extractor.extract(&Entry { location: &location, bytes }, &mut one);
        sink.append(one);
    }
}

proptest! {
    #[test]
    fn soup_is_read_to_its_end(
        jar in "[a-zé.-]{1,9}(-[0-9.x]{1,4})?(-tests)?(\\.jar)?",
        files in proptest::collection::vec((proptest::sample::select(PATHS.to_vec()), soup()), 1..5),
    ) {
        let mut sink = Sink::default();
        let mut size = 0;
        for (path, bytes) in &files {
            let bytes = if path.ends_with(".class") { b"\xCA\xFE\xBA\xBE\0\0\0\x34" } else { &bytes[..] };
            size += bytes.len();
            read(&mut sink, &jar, path, bytes);
        }
        let Joined { packages, .. } = join(sink, &LockedVersions::default());
        prop_assert!(packages.len() <= size + 4);
        for package in packages {
            let name = !package.name.is_empty() && !package.name.contains("${");
            prop_assert!(name, "{}", package.name);
            let version = package.version.is_none_or(|version| !version.is_empty() && !version.contains("${"));
            prop_assert!(version, "{}", package.name);
        }
    }
}

#[test]
fn long_files_take_time_in_their_length() {
    let started = std::time::Instant::now();
    for path in PATHS {
        for piece in [
            "<a>",
            "<a/>",
            "&amp;",
            "\n ",
            "a",
            "\\\n",
            "\\u0041",
            "a=b\n",
            "A: b\n",
            "${",
            "<properties>",
            "\r",
            "<!--",
        ] {
            let mut sink = Sink::default();
            read(&mut sink, "a.jar", path, piece.repeat((1 << 20) / piece.len()).as_bytes());
        }
    }
    // 91 files of one mebibyte; anything quadratic would take hours.
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}

#[test]
fn a_jar_of_all_the_entries_that_a_target_may_have() {
    let started = std::time::Instant::now();
    let mut sink = Sink::default();
    let class = b"\xCA\xFE\xBA\xBE\0\0\0\x34";
    for i in 0..70_000 {
        read(&mut sink, "a.jar", &format!("com/example{}/p{}/C{i}.class", i % 700, i % 7), class);
    }
    assert_eq!(join(sink, &LockedVersions::default()).gaps.len(), 1);
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}
