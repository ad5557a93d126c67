//! What cannot be read, or is more than may be read: told, and no reason to lose the rest.

use super::*;

#[test]
fn json_that_cannot_be_read_is_a_gap_with_its_place_and_no_value() {
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        write(root, "orders.json", b"{\"FunctionName\": \"orders\",\n  \"Environment\": hunter2}");
        write(root, "stock/code.zip", &archive("stock"));
        save(root, "stock/function.json", &configuration("stock", None));
        write(root, "stock/policy.json", b"{\"Policy\": \"hunter2");
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("stock").as_str(), "orders.zip"]);
    for (function, place) in listing.functions.iter().zip(["line 1, column 19", "line 2, column 18"]) {
        let [gap] = &function.gaps[..] else { panic!("{:?}", function.gaps) };
        assert_eq!((gap.level, gap.kind), (Level::Blocking, GapKind::Malformed));
        assert!(gap.detail.contains(place) && !gap.detail.contains("hunter2"), "{}", gap.detail);
    }
    // What could be read was called by its ARN.
    let [unseen] = &listing.unseen[..] else { panic!("{:?}", listing.unseen) };
    assert_eq!(unseen.prefix, "arn:");
    assert!(unseen.detail.contains("orders.json") && !unseen.detail.contains("hunter2"));
}

#[test]
fn half_a_list_is_told() {
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        let page = json!({"Functions": [configuration("orders", None)], "NextMarker": "2"});
        save(root, "list.json", &page);
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("orders")]);
    assert!(listing.unseen[0].detail.contains("list.json"), "{:?}", listing.unseen);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "secret.zip", &archive("outside"));
    let tree = Tree::new(|root| {
        write(root, "orders.zip", &archive("orders"));
        std::os::unix::fs::symlink(root.join("orders.zip"), root.join("again.zip")).unwrap();
        std::os::unix::fs::symlink(root, root.join("round")).unwrap();
        std::os::unix::fs::symlink(outside.path(), root.join("out")).unwrap();
        // Neither does what a configuration says lead out.
        let lost = json!({"Layers": [{"Arn": format!("{ACCOUNT}:layer:../out/secret:1")}]});
        save(root, "orders.json", &with(configuration("orders", None), lost));
    });
    let listing = tree.list();
    assert_eq!(ids(&listing), [latest("orders")]);
    let [unseen] = &listing.unseen[..] else { panic!("{:?}", listing.unseen) };
    assert!(unseen.detail.starts_with("`out`"), "{unseen:?}");
    let function = &listing.functions[0];
    assert!(matches!(tree.fetch(function, &function.layers[0]), Err(FetchError::Unavailable(_))));
    // A file that becomes a link after the listing.
    fs::remove_file(tree.0.path().join("orders.zip")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.zip"), tree.0.path().join("orders.zip")).unwrap();
    assert!(matches!(tree.code(function), Err(FetchError::Unavailable(_))));
}

#[test]
fn limits_hold() {
    let bytes = archive("orders");
    let tree = Tree::new(|root| drop(write(root, "orders.zip", &bytes)));
    let function = tree.one();
    let limits = Limits { target_bytes: bytes.len() as u64 - 1, ..Limits::default() };
    let fetched = tree.1.fetch(&function, code(&function), &limits);
    assert_eq!(fetched, Err(FetchError::TooLarge(limits.target_bytes)));
    let large = Tree::new(|root| {
        let file = fs::File::create(root.join("huge.json")).unwrap();
        file.set_len(33 << 20).unwrap();
    });
    assert!(large.list().unseen[0].detail.contains("33554432"), "{:?}", large.list().unseen);
}

#[test]
fn places_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "orders.zip", b"");
    for place in [file.to_str().unwrap(), folder.path().join("none").to_str().unwrap()] {
        assert!(Files::open(place, &BucketOptions::default()).unwrap().list().is_err(), "{place}");
    }
    for (place, endpoint) in
        [("https://x.example.com/", None), ("/tmp", Some("http://127.0.0.1:9")), ("gs://a/b", None)]
    {
        let options = BucketOptions { endpoint: endpoint.map(str::to_owned), ca_cert: None };
        assert!(Files::open(place, &options).is_err(), "{place}");
    }
    let url = format!("file://{}", folder.path().display());
    assert_eq!(ids(&Files::open(&url, &BucketOptions::default()).unwrap().list().unwrap()), ["orders.zip"]);
}
