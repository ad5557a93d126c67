//! Signatures of the minisign tool (<https://jedisct1.github.io/minisign/>), prehashed (`ED`).

use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign::{PublicKey, PublicKeyBox, SecretKey, SecretKeyBox, SignatureBox};

use super::bundle::BundleError;

/// Lines of a signature.
pub(super) const LINES: usize = 4;
/// Base64 of a signature with algorithm and key id, and of the one over the trusted comment. The crate that verifies
/// them takes their length on trust.
const LENGTHS: [usize; 2] = [100, 88];

/// Public keys that are trusted. More than one, so that a key can be changed: the new one is trusted before the first
/// bundle is signed with it.
pub struct Trust {
    keys: Vec<PublicKey>,
    unsigned: bool,
}

impl Trust {
    /// Trusts each of these keys: the content of a `.pub` file of the minisign tool, or its second line alone. With
    /// `unsigned` a bundle that bears no signature at all is taken, too.
    ///
    /// # Errors
    /// [`BundleError::Key`].
    pub fn new(keys: &[String], unsigned: bool) -> Result<Trust, BundleError> {
        let read = |text: &String| {
            let text = text.trim();
            let key = match text.contains('\n') {
                true => PublicKeyBox::from_string(text).and_then(PublicKeyBox::into_public_key),
                false => PublicKey::from_base64(text),
            };
            let key = key.ok().filter(|key| key.to_bytes().starts_with(b"Ed"));
            key.ok_or_else(|| BundleError::Key("not a public key of minisign".to_owned()))
        };
        Ok(Trust { keys: keys.iter().map(read).collect::<Result<_, _>>()?, unsigned })
    }

    /// Whether a bundle without a signature is taken.
    pub(super) fn takes_unsigned(&self) -> bool {
        self.unsigned
    }

    /// Checks a signature over a message; both comments have to be as given. The id of the key that made it.
    ///
    /// # Errors
    /// [`BundleError::UnknownKey`], [`BundleError::Tampered`].
    pub(super) fn verify(
        &self,
        text: &str,
        message: &[u8],
        untrusted: &str,
        trusted: &str,
    ) -> Result<String, BundleError> {
        let tampered = |what: &'static str| BundleError::Tampered(what);
        let lines: Vec<&str> = text.lines().collect();
        if lines.len() != LINES || [lines[1].len(), lines[3].len()] != LENGTHS {
            return Err(tampered("the signature has not the form of one"));
        }
        let signature = SignatureBox::from_string(text).map_err(|_| tampered("the signature is none"))?;
        // One signature, one spelling: base64 has spare bits, and lines may end in blanks.
        if signature.to_string() != text || !signature.is_prehashed() {
            return Err(tampered("the signature is not written as minisign writes it"));
        }
        let key = self.keys.iter().find(|key| key.keynum() == signature.keynum());
        let key = key.ok_or_else(|| BundleError::UnknownKey(key_id(signature.keynum())))?;
        if signature.untrusted_comment().ok().as_deref() != Some(untrusted) {
            return Err(tampered("the untrusted comment is another"));
        }
        if minisign::verify(key, &signature, Cursor::new(message), true, false, false).is_err() {
            return Err(tampered("the signature does not fit"));
        }
        if signature.trusted_comment().ok().as_deref() != Some(trusted) {
            return Err(tampered("the trusted comment does not name the manifest"));
        }
        Ok(key_id(key.keynum()))
    }
}

/// As the minisign tool writes it: the number of eight little-endian bytes.
fn key_id(bytes: &[u8]) -> String {
    bytes.iter().rev().map(|byte| format!("{byte:02X}")).collect()
}

/// A secret key, ready to sign.
pub struct Signer {
    key: SecretKey,
    /// Every signature is verified before it leaves.
    public: PublicKey,
}

impl Signer {
    /// Reads a secret key file of the minisign tool. `password` is asked only for an encrypted one.
    ///
    /// # Errors
    /// [`BundleError::Key`]; whatever `password` gives.
    pub fn new<E: From<BundleError>>(text: &str, password: impl FnOnce() -> Result<String, E>) -> Result<Signer, E> {
        let wrong = || BundleError::Key("not a secret key of minisign".to_owned());
        let bytes = text.lines().nth(1).and_then(|line| STANDARD.decode(line.trim()).ok());
        let bytes = bytes.filter(|bytes| bytes.starts_with(b"Ed")).ok_or_else(wrong)?;
        // Bytes 2 to 4 say how it is encrypted. Of a key that is not, the tool leaves the checksum empty, so that only
        // the signature can show whether it is whole.
        let key = if bytes.get(2..4) == Some(&[0, 0]) {
            SecretKey::from_bytes(&bytes).map_err(|_| wrong())?
        } else {
            let key = SecretKey::from_box(SecretKeyBox::from(text.to_owned()), Some(password()?));
            key.map_err(|error| BundleError::Key(error.to_string()))?
        };
        let public = PublicKey::from_secret_key(&key).map_err(|_| wrong())?;
        Ok(Signer { key, public })
    }

    /// The id of the key.
    pub fn key_id(&self) -> String {
        key_id(self.key.keynum())
    }

    /// The four lines.
    pub(super) fn sign(&self, message: &[u8], untrusted: &str, trusted: &str) -> Result<String, BundleError> {
        minisign::sign(Some(&self.public), &self.key, Cursor::new(message), Some(trusted), Some(untrusted))
            .map(SignatureBox::into_string)
            .map_err(|error| BundleError::Key(error.to_string()))
    }
}
