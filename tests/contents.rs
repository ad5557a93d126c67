//! What reading an artifact gave can be kept, and gives the same audit later: without any secret's value.

use std::fs;
use std::path::{Path, PathBuf};

use tidewaiter::artifact::Limits;
use tidewaiter::audit::{self, Contents, Input, Options, Progress, Request, SealedContents};
use tidewaiter::extract::LockedVersions;
use tidewaiter::model::{ArtifactRole, FunctionConfig, Level, Scan, Sealer};
use tidewaiter::secret::Engine;
use tidewaiter::source;

use crate::support::planted::plant;

const KEY: [u8; 32] = [7; 32];

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/example").join(name)
}

fn with_options<T>(work: impl FnOnce(&Options<'_>) -> T) -> T {
    let progress = Progress::default();
    work(&Options {
        limits: Limits::default(),
        engine: Engine::builtin(),
        own: globset::GlobSet::empty(),
        allow: &|_| None,
        verifier: None,
        progress: &progress,
    })
}

fn at_once() -> Scan {
    let bytes = fs::read(example("environment.json")).expect("the example is there");
    let file = source::read_env_file(&bytes).expect("it is an environment");
    let request = Request {
        code: Input::Path(example("function.zip")),
        layers: vec![example("layer.zip")],
        environment: Some(("environment.json".to_owned(), file)),
        config: FunctionConfig::default(),
        locked: LockedVersions::default(),
    };
    with_options(|options| audit::audit(request, options)).expect("both archives are there")
}

/// Through the bytes that a store would hold.
fn stored(contents: Contents) -> (Vec<u8>, Contents) {
    let bytes = postcard::to_stdvec(&contents.seal(&Sealer::new(&KEY))).expect("memory is there");
    let sealed: SealedContents = postcard::from_bytes(&bytes).expect("it was written just now");
    (bytes, sealed.open())
}

fn in_parts() -> (Vec<u8>, Scan) {
    with_options(|options| {
        let mut bytes = Vec::new();
        let mut keep = |contents: Contents| {
            let (mut written, contents) = stored(contents);
            bytes.append(&mut written);
            contents
        };
        let read = |role, name: &str| {
            Contents::read(role, &Input::Path(example(name)), options).expect("the archive is there")
        };
        // The layer first: which artifact it is, only the function knows.
        let layer = keep(read(ArtifactRole::Layer, "layer.zip"));
        let code = keep(read(ArtifactRole::Code, "function.zip"));
        let json = fs::read(example("environment.json")).expect("the example is there");
        let file = source::read_env_file(&json).expect("it is an environment");
        let variables = keep(audit::read_environment("environment.json", &file, options));
        let config = file.config.clone();
        (bytes, audit::assemble("function.zip", vec![code, layer], Some((&file, variables)), config, options))
    })
}

#[test]
fn what_was_kept_gives_the_same_audit() {
    let (_, later) = in_parts();
    let now = at_once();
    assert!(now.findings.len() > 4 && now.packages.len() > 8, "the example has something to compare");
    assert_eq!(later, now);
}

#[test]
fn what_is_kept_holds_no_secrets_value() {
    let (bytes, _) = in_parts();
    let tokens = ["github-token", "npm-token", "slack-bot-token", "stripe-live-key"];
    let mut secrets: Vec<String> = tokens.iter().map(|name| plant(&format!("@@{name}@@"))).collect();
    let json = fs::read_to_string(example("environment.json")).expect("the example is there");
    secrets.extend(json.split('"').find(|part| part.starts_with("postgres")).map(str::to_owned));
    assert_eq!(secrets.len(), 5);
    for secret in secrets {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "a planted secret was stored");
    }
}

#[test]
fn a_missing_layer_is_a_blocking_gap_at_its_place() {
    let scan = with_options(|options| {
        let code = Contents::read(ArtifactRole::Code, &Input::Path(example("function.zip")), options);
        let parts = vec![
            code.expect("the archive is there"),
            Contents::missing(ArtifactRole::Layer, "arn:layer:1", "access denied".to_owned()),
        ];
        audit::assemble("f", parts, None, FunctionConfig::default(), options)
    });
    assert_eq!(scan.artifacts[1].path, "arn:layer:1");
    let gap = scan.coverage.gaps.iter().find(|gap| gap.location.artifact == 1).expect("the gap is told");
    assert_eq!((gap.level, gap.detail.as_str()), (Level::Blocking, "access denied"));
}
