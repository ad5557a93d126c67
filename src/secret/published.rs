//! Keys that are printed for everyone: those of emulators on the own machine, and those of specifications.
//!
//! Kept as digests, so that the list itself trips no scanner. It is short on purpose: a value belongs here only if the
//! vendor's own documentation or a specification prints it.

use crate::model::sha256;

/// SHA-256 of each key.
const PUBLISHED: [&str; 6] = [
    // Azurite's account `devstoreaccount1`:
    // https://learn.microsoft.com/en-us/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
    "0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059",
    // The emulator of Azure Cosmos DB: https://learn.microsoft.com/en-us/azure/cosmos-db/emulator#authentication
    "aa6547439583c3a275d4542a0df6c1ad6a863971be9f2a2220f027cc02aef615",
    // The client's credentials and the access token of the OAuth specifications, copied into every library of it:
    // https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1, https://www.rfc-editor.org/rfc/rfc6749#section-4.1.4,
    // https://www.rfc-editor.org/rfc/rfc5849#section-3.1
    "ca7459e2b26776de081b9a07e40227fd6cff232a1e3233ff6b6aa6d036ca9981",
    "6c96130f130ab0d6d158397e24d2bcc1c9a5e73ae081f6e983f1c7b545d24a4c",
    "2ff8b0fb93aca981c78f1e94355c298c23435461f1072ef4674848e620371787",
    // The bot of Telegram's manual: https://core.telegram.org/bots/api#authorizing-your-bot
    "731fa294d036e54f19df879bfcd4fe72d967dc6327800c5f74a48414a3f258c9",
];

/// Whether a value is one of them.
pub fn is_published(value: &[u8]) -> bool {
    // Nothing of another length needs a digest.
    matches!(value.len(), 16 | 22 | 28 | 41 | 88) && PUBLISHED.contains(&sha256(value).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulators_key_is_known() {
        let key = ["Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uS", "RZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="];
        assert!(is_published(key.concat().as_bytes()));
        assert!(!is_published(key.concat().replace('E', "F").as_bytes()));
    }
}
