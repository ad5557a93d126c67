//! Whatever stands in a file of Python's package formats, reading it ends, and it does not grow without bound.

use proptest::prelude::*;
use tidewaiter::extract::{ALL, Entry, Sink};
use tidewaiter::model::Location;

const PATHS: [&str; 15] = [
    "a-1.dist-info/METADATA",
    "a-1.dist-info/RECORD",
    "a-1.dist-info/WHEEL",
    "a-1.dist-info/REQUESTED",
    "a-1.dist-info/top_level.txt",
    "a-1.egg-info",
    "a-1.egg-info/PKG-INFO",
    "a-1.egg-info/installed-files.txt",
    "a-1.egg/EGG-INFO/PKG-INFO",
    "requirements.txt",
    "Pipfile.lock",
    "poetry.lock",
    "uv.lock",
    "pylock.toml",
    "pyproject.toml",
];

/// Pieces that mean something to one of the readers, besides arbitrary bytes.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        proptest::sample::select(vec![
            "Name: ",
            "Version: ",
            "Requires-Dist: ",
            "a",
            "==",
            "1.0",
            ";",
            "extra",
            "'",
            "\"",
            "(",
            ")",
            " or ",
            " and ",
            "\n",
            "\r\n",
            "\\\n",
            "#",
            "@",
            "https://x/",
            ".whl",
            "-",
            ",",
            "..",
            "/",
            "[[package]]\n",
            "[",
            "]",
            "{",
            "}",
            "name = ",
            "version = ",
            "source = ",
            "dependencies = ",
            "editable",
            "default",
            ":",
            "\u{FEFF}",
            "é",
        ])
        .prop_map(|word| word.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

fn read(path: &str, bytes: &[u8]) -> Sink {
    let location = Location::artifact(0).child(path);
    let mut sink = Sink::default();
    let mut wanted = false;
    for extractor in ALL.iter().filter(|extractor| extractor.wants(path, &bytes[..bytes.len().min(512)])) {
        wanted = true;
        extractor.extract(&Entry { location: &location, bytes }, &mut sink);
    }
    assert!(wanted, "nobody wants {path}");
    sink
}

proptest! {
    #[test]
    fn soup_is_read_to_its_end(path in proptest::sample::select(PATHS.to_vec()), bytes in soup()) {
        let mut sink = read(path, &bytes);
        let things = sink.found.len() + sink.hints.len() + sink.claims.len() + sink.manifests.len();
        prop_assert!(things <= 2 * bytes.len() + 2);
        sink.settle();
        prop_assert!(sink.found.iter().all(|found| !found.package.name.is_empty()));
        prop_assert!(sink.hints.is_empty());
    }
}

#[test]
fn long_files_take_time_in_their_length() {
    let started = std::time::Instant::now();
    for path in PATHS {
        for piece in ["\n ", "a", "\"", "\\\n", "a;(", "[[package]]\n", "{\"", " #", "a=={", "a.b=1\n", "# ", "../"] {
            read(path, piece.repeat((1 << 20) / piece.len()).as_bytes());
        }
    }
    // 180 files of one mebibyte; anything quadratic would take hours.
    assert!(started.elapsed().as_secs() < 120, "{:?}", started.elapsed());
}
