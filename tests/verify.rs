//! `--verify`: what is asked, of whom, and what becomes of the answer. A server of this machine stands in for the
//! vendors, which cannot be asked about invented secrets.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidewaiter::artifact::Piece;
use tidewaiter::model::{Location, Probe};
use tidewaiter::secret::{Engine, rules_with_examples};

use crate::support::osv_service::{Fault, OsvService};
use crate::support::{Cli, Zip, write};

/// An example of every rule that says how its vendor is asked: the text and the secret in it.
fn examples() -> BTreeMap<String, (String, String, Probe)> {
    let mut examples = BTreeMap::new();
    for rule in rules_with_examples() {
        let Some(probe) = rule.probe.clone() else { continue };
        let text = rule.examples.last().expect("a rule has examples").clone();
        let mut found = Vec::new();
        Engine::builtin().scan(&Location::artifact(0), Piece::whole(text.as_bytes()), &mut found);
        let found = found.iter().find(|found| found.rule == rule.id).expect("the rule finds its example");
        let secret = String::from_utf8(found.value.expose().to_vec()).expect("text");
        examples.insert(rule.id.clone(), (text, secret, probe));
    }
    examples
}

/// A vendor that answers every question with this status.
fn vendor(status: u16, body: &'static str) -> OsvService {
    let fault: Fault = Box::new(move |_| Some((status, "", body.as_bytes().to_vec())));
    OsvService::start(&[], 1, fault)
}

fn scan(files: &[(String, String)], more: &[&str]) -> (i32, String, Vec<Value>) {
    let folder = tempfile::tempdir().expect("a folder");
    let zip = files.iter().fold(Zip::new(), |zip, (name, text)| zip.file(name, text.as_bytes()));
    let target = write(folder.path(), "function.zip", &zip.build());
    let (run, json) = Cli::scan(&target, more);
    let findings = json["targets"][0]["findings"].as_array().expect("findings").clone();
    (run.code, run.stdout + &run.stderr, findings.into_iter().filter(|finding| finding["kind"] == "secret").collect())
}

#[test]
fn each_vendor_is_asked_with_its_own_question() {
    let vendors = vendor(200, "{\"ok\":true}");
    let examples = examples();
    let names: Vec<String> = examples.keys().cloned().collect();
    assert!(names.len() >= 20, "{names:?}");
    let (id, secret) = (["AKIA", "QYLPMN5HFIQR", "7XYA"].concat(), examples["aws-secret-access-key"].1.clone());
    // The two examples of AWS have one secret: whose id stands first is asked about.
    let pair = &examples["aws-key-pair"].0;
    let ids = [id.as_str(), pair.find("AKIA").map_or("", |at| &pair[at..at + 20])];
    let mut files: Vec<(String, String)> =
        examples.iter().map(|(rule, (text, ..))| (format!("{rule}.txt"), text.clone())).collect();
    files.push((
        "aws-secret-access-key.txt".to_owned(),
        format!("key_id = {id}\n\n\naws_secret_access_key = {secret}\n"),
    ));
    let (_, output, found) = scan(&files, &["--verify", "--verify-endpoint", &vendors.address]);
    let requests = vendors.requests();
    for (rule, (_, secret, probe)) in &examples {
        assert!(!output.contains(secret.as_str()), "{rule} is shown");
        // By place: two rules of one vendor may know the same secret.
        let file = format!("{rule}.txt");
        let here = |finding: &&Value| {
            finding["locations"]
                .as_array()
                .is_some_and(|places| places.iter().any(|place| place["path"][0] == file.as_str()))
        };
        let answered =
            found.iter().filter(here).any(|finding| finding["verified"] == true && finding["confidence"] == "high");
        assert!(answered, "{rule}: {found:#?}");
        let basic = |request: &str| {
            let word = request.split("Basic ").nth(1).or_else(|| request.split("basic ").nth(1))?;
            let pair = STANDARD.decode(word.split_whitespace().next()?).ok()?;
            Some(String::from_utf8_lossy(&pair).contains(secret.as_str()))
        };
        let asked = requests.iter().any(|request| {
            let signed = probe.sigv4 && ids.iter().any(|id| request.text.contains(&format!("Credential={id}/")));
            let whole = format!("{} {}", request.line, request.text);
            signed || whole.contains(secret.as_str()) || basic(&whole) == Some(true)
        });
        assert!(asked, "{rule}: nobody was asked about this secret");
    }
    let signed = requests.iter().filter(|request| request.text.contains("AWS4-HMAC-SHA256")).count();
    assert!((1..=2).contains(&signed), "once for each pair, and never without an id: {signed}");
    assert!(requests.iter().all(|request| !request.line.contains("AKIA")));
}

#[test]
fn the_answer_decides_how_sure_the_finding_is() {
    let (text, secret, _) = examples().remove("github-personal-access-token").expect("it has a question");
    let files = [("a.js".to_owned(), text)];
    for (status, verified, answer, confidence, exit) in [
        (200, json!(true), "live", "high", 1),
        (401, json!(false), "dead", "low", 0),
        (503, Value::Null, "unknown", "high", 1),
        (429, Value::Null, "unknown", "high", 1),
        (302, Value::Null, "unknown", "high", 1),
    ] {
        let vendors = vendor(status, "{}");
        let (code, output, found) = scan(&files, &["--verify", "--verify-endpoint", &vendors.address]);
        assert_eq!((&found[0]["verified"], &found[0]["confidence"]), (&verified, &json!(confidence)), "{status}");
        assert_eq!(found[0]["verification"]["answer"], answer);
        assert_eq!(found[0]["verification"]["asked"], "api.github.com");
        assert_eq!((code, vendors.requests().len()), (exit, 1), "{status}");
        assert!(!output.contains(&secret));
    }
    let (_, _, found) = scan(&files, &["--verify", "--verify-endpoint", "http://127.0.0.1:9"]);
    assert_eq!(found[0]["verification"]["detail"], "no answer: the host cannot be reached");
}

#[test]
fn a_refusal_in_an_answer_that_looks_like_success_is_one() {
    let (text, ..) = examples().remove("slack-bot-token").expect("it has a question");
    let vendors = vendor(200, "{\"ok\":false,\"error\":\"invalid_auth\"}");
    let (_, _, found) = scan(&[("a.js".to_owned(), text)], &["--verify", "--verify-endpoint", &vendors.address]);
    assert_eq!(found[0]["verified"], false);
}

#[test]
fn nobody_is_asked_unless_the_user_wants_it() {
    let (text, ..) = examples().remove("github-personal-access-token").expect("it has a question");
    let (_, _, found) = scan(&[("a.js".to_owned(), text)], &[]);
    assert_eq!((&found[0]["verified"], &found[0]["verification"]), (&Value::Null, &Value::Null));
    let run = Cli::run(["scan", "--verify", "--offline", "x.zip"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("--offline"), "{}", run.stderr);
}
