//! API keys of Elasticsearch: an id and a key, joined by a colon, in base64
//! (<https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-security-create-api-key>).

use base64::Engine as _;

use super::{BASE64, Candidate, Proof};
use crate::secret::shape::looks_random;

/// Where the vendor's name stands beside the value.
pub(super) fn elastic_key(candidate: Candidate<'_>) -> Proof {
    match is_pair(candidate.secret()) {
        true => Proof::Proven,
        false if looks_random(candidate.secret()) => Proof::Plausible,
        false => Proof::Broken,
    }
}

/// Where only the word `ApiKey` stands before the value, which other vendors use too.
pub(super) fn elastic_header(candidate: Candidate<'_>) -> Proof {
    if is_pair(candidate.secret()) { Proof::Proven } else { Proof::Broken }
}

/// Ids have 20 characters and keys 22, but both may grow.
fn is_pair(secret: &[u8]) -> bool {
    let Ok(pair) = BASE64.decode(secret) else { return false };
    let Some(colon) = memchr::memchr(b':', &pair) else { return false };
    let part = |part: &[u8]| {
        (16..=40).contains(&part.len()) && part.iter().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(b))
    };
    part(&pair[..colon]) && part(&pair[colon + 1..])
}

#[cfg(test)]
mod tests {
    use super::super::run;
    use super::*;

    #[test]
    fn an_id_and_a_key() {
        let key = BASE64.encode("VuaCfGcBCdbkQm-e5aOx:ui2lp2axTNmsyakw9tvNnw");
        assert_eq!(run(elastic_header, &key), Proof::Proven);
        assert_eq!(run(elastic_key, &key), Proof::Proven);
        let other = BASE64.encode("a sentence of some length: and what follows the colon in it");
        assert_eq!(run(elastic_header, &other), Proof::Broken);
        assert_eq!(run(elastic_key, "q7Zk2LxV9bTn4RmWq7Zk2LxV9bTn4RmW"), Proof::Plausible);
        assert_eq!(run(elastic_key, "getElementsByClassNameAndTagName"), Proof::Broken);
    }
}
