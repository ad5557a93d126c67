//! The committed archives of `fixtures/example` are what its text says.

use std::{env, fs};

use super::support::example::{build, folder};

#[test]
fn archives_equal_their_text() {
    for (name, bytes) in build() {
        let path = folder().join(name);
        if env::var_os("TIDEWAITER_BLESS").is_some() {
            fs::write(&path, &bytes).unwrap();
        }
        let committed = fs::read(&path).unwrap();
        // Not assert_eq: it would print both archives, with the secrets in them.
        assert!(committed == bytes, "{name} differs from its text; set TIDEWAITER_BLESS=1 to write it anew");
    }
}

#[test]
fn building_twice_gives_the_same_bytes() {
    assert!(build() == build());
}
