//! A first night on which everything goes wrong that can, through the real program: each thing is told for the function
//! that it happened to, the others are whole, and the next night makes up for it.

use std::collections::BTreeSet;
use std::fs;

use sha2::{Digest, Sha256};
use tidewaiter::artifact::Limits;
use tidewaiter::source::Source;

use super::named;
use super::sweep::{advisories, blocking, night, number, target};
use crate::support::http;
use crate::support::moto::{Fault, Moto, REGION};

const FUNCTIONS: usize = 14;

#[test]
fn a_night_of_misfortunes_is_told_and_made_up_for() {
    let Some(moto) = Moto::filled(FUNCTIONS) else { return };
    let folder = tempfile::tempdir().unwrap();
    advisories(folder.path());
    let spare = folder.path().join("temporary");
    fs::create_dir(&spare).unwrap();
    let variables = [("TMPDIR", spare.to_str().unwrap())];
    let arguments = ["aws", "--region", REGION, "--endpoint-url", moto.endpoint(), "--details-every", "0"];
    let night = || night(&moto, folder.path(), &variables, &arguments);

    // Where the archives of functions and of a layer lie.
    let source = super::source(&moto);
    let listing = source.list().expect("a listing");
    let path = |name: &str| super::failures::path(named(&listing, name));
    let with_layer = named(&listing, "orders-002");
    let bytes = source.fetch(with_layer, &with_layer.layers[0], &Limits::default()).expect("a layer");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let layer_path = format!("/{digest}.zip");
    drop(moto.files.asked());
    drop((moto.proxy.calls(), moto.proxy.throttled()));

    let fault = |path: &str, fault: http::Fault, times: usize| moto.files.fault(path, fault, times);
    let gone = |status: u16| http::Fault::Status(status, String::new());
    // These pass.
    fault(&path("orders-000"), gone(403), 1);
    fault(&path("orders-010"), gone(500), 2);
    fault(&path("orders-011"), http::Fault::Reset(100), 1);
    moto.proxy.fault("lambda:GetPolicy", "billing-012", Fault::Throttled, 2);
    moto.proxy.fault("lambda:ListFunctionUrlConfigs", "billing-013", Fault::Status(500), 2);
    // These stay.
    fault(&path("orders-001"), gone(403), 99);
    fault(&path("billing-003"), gone(500), 99);
    fault(&path("billing-005"), http::Fault::Reset(100), 99);
    fault(&layer_path, gone(404), 99);
    moto.proxy.fault("lambda:GetFunction", "orders-009", Fault::Denied, 99);
    // The body itself is sent in `failures.rs`.
    fault(&path("search-007"), http::Fault::Length(300 << 20), 99);
    let other = moto.archives().join(&path("search-006")[1..]);
    let own = fs::read(&other).unwrap();
    fs::write(&other, "PK something else").unwrap();

    let (code, first) = night();
    assert_eq!(code, 3, "something could not be seen");
    let reasons = [
        ("orders-001", "HTTP 403 from a fresh address"),
        ("billing-003", "HTTP 500 Internal Server Error (tried 4 times)"),
        ("billing-005", "(tried 4 times)"),
        ("search-006", "was announced"),
        ("search-007", "more than the 262144000 bytes"),
        ("orders-009", "lambda:GetFunction: AccessDeniedException"),
        ("orders-002", "HTTP 404 Not Found"),
        ("search-008", "HTTP 404 Not Found"),
    ];
    for (name, reason) in reasons {
        let gaps = blocking(target(&first, name));
        assert!(gaps.iter().any(|gap| gap.contains(reason)), "{name}: {gaps:?}");
        assert!(!gaps.iter().any(|gap| gap.contains("Signature") || gap.contains("127.0.0.1")), "{name}: {gaps:?}");
    }
    // One function more than its number, since a version of one is in use as well.
    assert_eq!((number(&first, "functions"), number(&first, "failed")), (FUNCTIONS + 1, reasons.len()));
    let broken: BTreeSet<&str> = reasons.iter().map(|(name, _)| *name).collect();
    for one in first["targets"].as_array().unwrap() {
        let name = one["name"].as_str().unwrap();
        assert_eq!(blocking(one).is_empty(), !broken.contains(name), "{name}: {:?}", blocking(one));
    }
    // A layer that many have is asked for once, also where it cannot be had; those of others were fetched once.
    let asked = moto.files.asked();
    assert_eq!(asked.iter().filter(|one| one.path == layer_path).count(), 1);
    let (calls, refused) = (moto.proxy.calls(), moto.proxy.throttled());
    assert!((4..=4 + refused).contains(&calls["lambda:GetLayerVersionByArn"]), "{calls:?}");
    assert_eq!(target(&first, "orders-002")["coverage"]["grade"], "partial", "its own code was read");

    moto.files.mend();
    moto.proxy.mend();
    fs::write(&other, own).unwrap();
    let (code, second) = night();
    assert_eq!((code, number(&second, "failed"), number(&second, "downloaded")), (0, 0, 6 + 1));
    let changes = &second["sweep"]["changes"];
    for nothing in [&changes["functions"]["new"], &changes["functions"]["gone"], &changes["findings"]["fixed"]] {
        assert_eq!(nothing.as_array().map(Vec::len), Some(0), "{changes}");
    }
    // Its details were asked anew, as on every night with this option.
    let (calls, refused) = (moto.proxy.calls(), moto.proxy.throttled());
    let asked = calls["lambda:ListFunctionUrlConfigs"];
    assert!((FUNCTIONS + 1..=FUNCTIONS + 1 + refused).contains(&asked), "{calls:?}");
    assert_eq!(fs::read_dir(&spare).unwrap().count(), 0, "nothing is left on the disk");
}
