//! `sweep files s3://...` against moto's S3: the report of the folder that was copied there, and what can go wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::sweep::{advisories, command, number, refused, run};
use crate::support::moto::{Fault, Moto};
use crate::support::{Zip, write};

/// An archive with one package.
fn archive(version: &str) -> Vec<u8> {
    let package = json!({"name": "lodash", "version": version}).to_string();
    Zip::new().file("index.js", "exports.handler = 1").file("node_modules/lodash/package.json", package).build()
}

/// The files below a folder, by their keys.
pub(super) fn objects(root: &Path, prefix: &str) -> BTreeMap<String, PathBuf> {
    let mut all = BTreeMap::new();
    for child in fs::read_dir(root).unwrap() {
        let path = child.unwrap().path();
        let key = format!("{prefix}{}", path.file_name().unwrap().to_str().unwrap());
        if path.is_dir() {
            all.extend(objects(&path, &format!("{key}/")));
        } else {
            all.insert(key, path);
        }
    }
    all
}

/// A new folder with advisories, where a sweep's state can be.
fn place(folder: &Path, name: &str) -> PathBuf {
    let place = folder.join(name);
    fs::create_dir(&place).unwrap();
    advisories(&place);
    place
}

/// How many archives were read since the last time.
fn archives(moto: &Moto) -> usize {
    moto.proxy.objects().iter().filter(|path| path.ends_with(".zip")).count()
}

/// What is told of every target, but for when it was saved.
fn told(report: &Value) -> Vec<Value> {
    let mut targets = report["targets"].as_array().unwrap().clone();
    for target in &mut targets {
        if let Some(asked) = target.pointer_mut("/cloud/details/asked") {
            *asked = Value::Null;
        }
    }
    targets
}

/// The details of a target's gaps.
fn gaps(report: &Value, id: &str) -> Vec<String> {
    let target = report["targets"].as_array().unwrap().iter().find(|target| target["id"] == id);
    let gaps = target.unwrap_or_else(|| panic!("{id} is there"))["coverage"]["gaps"].as_array().unwrap();
    gaps.iter().map(|gap| gap["detail"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_bucket_gives_the_report_of_its_folder_and_is_read_once() {
    let Some(moto) = Moto::filled(9) else { return };
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved");
    moto.save(&saved);
    for (path, bytes) in [
        ("räume & söhne+#?%41.zip", archive("4.17.20")),
        ("a b/plus+sign (1)!'*~=.zip", archive("4.17.19")),
        ("deep/er/still/one.zip", archive("4.17.18")),
        ("known-by-its-bytes", archive("4.17.17")),
        ("broken.zip", b"no archive".to_vec()),
        ("empty.zip", Vec::new()),
        ("README.md", b"no archive either".to_vec()),
    ] {
        write(&saved, path, &bytes);
    }
    let mut all = objects(&saved, "2026-11/");
    all.insert("2026-11x.zip".to_owned(), saved.join("deep/er/still/one.zip"));
    all.insert("2026-12/other.zip".to_owned(), saved.join("deep/er/still/one.zip"));
    all.insert("2026-11/a b/".to_owned(), saved.join("empty.zip"));
    moto.put("copies", &all);
    let (here, there) = (place(folder.path(), "here"), place(folder.path(), "there"));
    let bucket = || run(&moto, &there, &["files", "s3://copies/2026-11/", "--endpoint-url", moto.endpoint()]);

    let copied = run(&moto, &here, &["files", saved.to_str().unwrap()]);
    let first = bucket();
    assert_eq!(told(&first).len(), 16);
    for (first, copied) in told(&first).iter().zip(&told(&copied)) {
        assert_eq!(first, copied);
    }
    assert_eq!(first["targets"].as_array().unwrap().len(), copied["targets"].as_array().unwrap().len());
    assert_eq!((number(&first, "failed"), number(&copied, "failed")), (0, 0));
    let calls = moto.proxy.calls();
    assert!(
        calls.keys().all(|action| !action.starts_with("s3:") || ["s3:GetObject", "s3:ListBucket"].contains(&&**action))
    );
    assert_eq!(archives(&moto), number(&first, "downloaded") - 1, "each once; one has another name");

    assert_eq!((number(&bucket(), "downloaded"), archives(&moto)), (0, 0));

    // As long as the one before.
    let one = write(&saved, "deep/er/still/one.zip", &archive("4.17.16"));
    moto.put("copies", &BTreeMap::from([("2026-11/deep/er/still/one.zip".to_owned(), one)]));
    let changed = bucket();
    assert_eq!((number(&changed, "downloaded"), archives(&moto)), (1, 1));
    assert_eq!(changed["sweep"]["changes"]["functions"]["changed"], json!(["deep/er/still/one.zip"]));

    // A configuration that is newer than the archive beside it.
    let path = saved.join("orders-000.json");
    let mut newer: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    newer["Configuration"]["CodeSha256"] = json!("q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=");
    fs::write(&path, newer.to_string()).unwrap();
    moto.put("copies", &BTreeMap::from([("2026-11/orders-000.json".to_owned(), path)]));
    let stale = bucket();
    assert_eq!((number(&stale, "failed"), archives(&moto)), (1, 1), "what is known of other code is not taken for it");
    let detail = gaps(&stale, "arn:aws:lambda:eu-west-1:123456789012:function:orders-000:$LATEST").join("; ");
    assert!(
        detail.contains("but abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789 was announced"),
        "{detail}"
    );
}

#[test]
fn what_goes_wrong_with_a_bucket_is_told() {
    let Some(moto) = Moto::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), "place");
    let all = (0..12).map(|number| {
        let path = write(folder.path(), &format!("files/f{number}.zip"), &archive(&number.to_string()));
        (format!("f{number}.zip"), path)
    });
    let all: BTreeMap<String, PathBuf> = all.collect();
    moto.put("copies", &all);
    let arguments = |place: &'static str| ["files", place, "--endpoint-url", moto.endpoint()];
    let sweep = || run(&moto, &place, &arguments("s3://copies"));
    let object = |name: &str, fault: Fault, times: usize| moto.proxy.fault("s3:GetObject", name, fault, times);

    // What passes by itself.
    object("/f0.zip", Fault::Status(500), 2);
    object("/f1.zip", Fault::Reset, 1);
    object("/f2.zip", Fault::Cut(100), 2);
    object("/f3.zip", Fault::Throttled, 2);
    // What does not.
    object("/f4.zip", Fault::Status(500), 99);
    object("/f5.zip", Fault::Reset, 99);
    object("/f6.zip", Fault::Cut(0), 99);
    object("/f7.zip", Fault::Status(404), 1);
    object("/f8.zip", Fault::Status(412), 1);
    object("/f9.zip", Fault::Denied, 1);
    let report = sweep();
    assert_eq!((number(&report, "functions"), number(&report, "failed"), number(&report, "downloaded")), (12, 6, 6));
    for (number, reason) in [
        (4, "s3:GetObject: OutOfOrder: This is a fault."),
        (5, "s3:GetObject: "),
        (6, "s3:GetObject: "),
        (7, "it was removed after it was listed"),
        (8, "it was overwritten after it was listed; the next sweep takes it"),
        (9, "s3:GetObject: AccessDenied: Access Denied"),
    ] {
        let details = gaps(&report, &format!("f{number}.zip"));
        assert!(details.iter().any(|detail| detail.contains(reason)), "{number}: {details:?}");
        assert!(details.iter().all(|detail| !detail.contains("127.0.0.1") && !detail.contains('<')), "{details:?}");
    }
    moto.proxy.mend();
    let report = sweep();
    assert_eq!((number(&report, "failed"), number(&report, "downloaded")), (0, 6));

    let said = |place| refused(&mut command(&moto, &folder.path().join("place"), &arguments(place)));
    assert!(said("s3://none").contains("s3://none: s3:ListBucket: NoSuchBucket: The specified bucket does not exist"));
    assert!(said("s3://copies/2026-10").contains("s3://copies/2026-10: nothing lies there"));
    moto.proxy.fault("s3:ListBucket", "", Fault::Denied, 1);
    assert!(said("s3://copies").ends_with("s3://copies: s3:ListBucket: AccessDenied: Access Denied\n"));
    moto.proxy.fault("s3:ListBucket", "", Fault::Status(301), 1);
    assert!(said("s3://copies").contains("AWS_REGION names the bucket's region"));
    let mut wrong = command(&moto, &place, &arguments("s3://copies"));
    let said = refused(wrong.env("AWS_ACCESS_KEY_ID", "nobody"));
    assert!(said.contains("s3:ListBucket: InvalidAccessKeyId: ") && !said.contains("nobody"), "{said}");
    let mut none = command(&moto, &place, &arguments("s3://copies"));
    let said = refused(none.env_remove("AWS_ACCESS_KEY_ID"));
    assert!(said.contains("no credentials: "), "{said}");
    let mut bare = command(&moto, &place, &["files", "s3://copies", "--endpoint-url", "minio:9000"]);
    assert!(refused(&mut bare).contains("such as https://minio.example.com"));
    // Those of a profile.
    let mut profile = command(&moto, &place, &arguments("s3://copies"));
    profile.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_REGION").env("AWS_PROFILE", "testing");
    let output = profile.env("AWS_CONFIG_FILE", moto.profile()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(
        (number(&report, "functions"), number(&report, "reused")),
        (12, 12),
        "nothing that failed was forgotten"
    );
}

/// Keys that `object_store` has no name for.
#[test]
fn keys_that_cannot_be_asked_for_hide_no_others() {
    let Some(moto) = Moto::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let place = place(folder.path(), "place");
    let file = write(folder.path(), "one.zip", &archive("1"));
    let (good, odd) =
        (["!.zip", "b/1.zip", "b/2.zip", "b/3.zip", "z.zip"], ["a//x.zip", "a//y.zip", "b/../2.zip", "tab\t.zip"]);
    moto.put("copies", &good.into_iter().chain(odd).map(|key| (format!("c/{key}"), file.clone())).collect());
    let sweep = || run(&moto, &place, &["files", "s3://copies/c", "--endpoint-url", moto.endpoint()]);
    let ids = |report: &Value| -> Vec<String> {
        report["targets"].as_array().unwrap().iter().map(|target| target["id"].to_string()).collect()
    };
    let report = sweep();
    let seen = ids(&report);
    for key in good {
        assert!(seen.contains(&format!("\"{key}\"")), "{key}: {seen:?}");
    }
    let all = report["targets"].to_string();
    for key in ["c/a//x.zip", "c/a//y.zip", "c/b/../2.zip", "c/tab"] {
        assert!(all.contains(&format!("`{key}")), "{key}: {all}");
    }
    // The listing ends in the middle.
    moto.proxy.fault("s3:ListBucket", "continuation-token", Fault::Denied, 1);
    let report = sweep();
    assert!(report["targets"].to_string().contains("s3:ListBucket: AccessDenied"), "{}", report["targets"]);
    assert_eq!(report["sweep"]["changes"]["functions"]["gone"], json!([]), "what was not seen is not gone");
}
