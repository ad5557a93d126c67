//! Certificates of an organisation's own: a private endpoint, or a proxy that opens what goes through it.

use super::bucket::objects;
use super::sweep::{advisories, command, number, refused, run};
use crate::support::authority::Authority;
use crate::support::http::Server;
use crate::support::moto::{Moto, REGION};

#[test]
fn an_authority_of_ones_own_is_trusted_when_it_is_named() {
    let Some(moto) = Moto::filled(3) else { return };
    let folder = tempfile::tempdir().unwrap();
    advisories(folder.path());
    let saved = folder.path().join("saved");
    moto.save(&saved);
    moto.put("copies", &objects(&saved, ""));

    let ours = Authority::new(folder.path(), "127.0.0.1");
    let files = Server::start_tls(moto.archives(), ours.server.clone());
    let proxy = moto.with_tls(ours.server, &files);
    let trusted = ours.file.to_str().unwrap();
    let aws = ["aws", "--region", REGION, "--endpoint-url", proxy.url()];
    let s3 = ["files", "s3://copies", "--endpoint-url", proxy.url()];
    for arguments in [&aws[..], &s3[..]] {
        let said = refused(&mut command(&moto, folder.path(), arguments));
        assert!(said.contains("UnknownIssuer"), "{said}");
        assert!(proxy.calls().is_empty(), "nothing is asked over a connection that is not trusted");
        let report = run(&moto, folder.path(), &[arguments, &["--ca-cert", trusted]].concat());
        assert_eq!((number(&report, "functions"), number(&report, "failed")), (3, 0));
        assert!(number(&report, "downloaded") >= 3 && !proxy.calls().is_empty());
    }
    assert!(!files.asked().is_empty() && !proxy.objects().is_empty());

    let missing = folder.path().join("missing.pem");
    for arguments in [&aws[..], &s3[..]] {
        let arguments = [arguments, &["--ca-cert", missing.to_str().unwrap()]].concat();
        let said = refused(&mut command(&moto, folder.path(), &arguments));
        assert!(said.contains("missing.pem"), "{said}");
    }
    let said = refused(&mut command(&moto, folder.path(), &["files", saved.to_str().unwrap(), "--ca-cert", trusted]));
    assert!(said.contains("folders have none"), "{said}");
}
