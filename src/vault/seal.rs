//! Encrypts what is kept: AES-256-GCM with a random nonce, bound to the credential that it belongs to.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

/// What the form of what is kept begins with.
const FORM: &str = "v1.";
/// The shortest key: 32 characters, which `openssl rand -base64 32` has with some to spare.
const SHORTEST: usize = 32;
/// Sets the use of the key for tokens apart from any other.
const TOKENS: &[u8] = b"tieout state store: tokens";
/// Sets the use of the key for pages apart from any other.
const PAGES: &[u8] = b"tieout state store: pages";

/// The key that encrypts what is kept.
pub struct Seal(RandomizedNonceKey);

/// A text that encrypts nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`state.key` must be at least {SHORTEST} characters long; make one with `openssl rand -base64 32`")]
pub struct NotAKey;

impl Seal {
    /// The key that a secret text stands for.
    pub fn new(key: &SecretString) -> Result<Self, NotAKey> {
        Self::derived(key, TOKENS)
    }

    /// The key for pages that a secret text stands for.
    pub(super) fn of_pages(key: &SecretString) -> Result<Self, NotAKey> {
        Self::derived(key, PAGES)
    }

    fn derived(key: &SecretString, purpose: &[u8]) -> Result<Self, NotAKey> {
        let text = key.expose_secret().as_bytes();
        if text.len() < SHORTEST {
            return Err(NotAKey);
        }
        let mut bytes = Zeroizing::new([0; 32]);
        let derived = Salt::new(HKDF_SHA256, &[]).extract(text);
        let derived = derived.expand(&[purpose], HKDF_SHA256).and_then(|key| key.fill(&mut *bytes));
        derived.map_err(|_| NotAKey)?;
        RandomizedNonceKey::new(&AES_256_GCM, &*bytes).map(Self).map_err(|_| NotAKey)
    }

    /// Encrypts a text for a credential.
    pub(super) fn close(&self, credential: &str, mut text: Vec<u8>) -> Option<String> {
        let nonce = self.0.seal_in_place_append_tag(Aad::from(credential.as_bytes()), &mut text).ok()?;
        let whole = [nonce.as_ref().as_slice(), &text].concat();
        Some(format!("{FORM}{}", STANDARD_NO_PAD.encode(whole)))
    }

    /// Decrypts what was encrypted for the same credential with the same key.
    pub(super) fn open(&self, credential: &str, sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let whole = STANDARD_NO_PAD.decode(sealed.strip_prefix(FORM)?).ok()?;
        let (nonce, text) = whole.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = Zeroizing::new(text.to_vec());
        let length = self.0.open_in_place(nonce, Aad::from(credential.as_bytes()), &mut text).ok()?.len();
        text.truncate(length);
        Some(text)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(key: &str) -> Seal {
        Seal::new(&SecretString::from(key)).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_for_its_credential_and_key_only() {
        let (one, other) = (seal(&"a".repeat(32)), seal(&"b".repeat(32)));
        let sealed = one.close("xero", b"token".to_vec()).unwrap();
        assert_eq!(*one.open("xero", &sealed).unwrap(), b"token");
        assert!(!sealed.contains("token"));
        assert_ne!(sealed, one.close("xero", b"token".to_vec()).unwrap(), "each sealing has its own nonce");
        assert!(one.open("quickbooks", &sealed).is_none());
        assert!(other.open("xero", &sealed).is_none());
    }

    #[test]
    fn what_was_changed_or_cut_does_not_open() {
        let seal = seal(&"a".repeat(32));
        let sealed = seal.close("xero", b"token".to_vec()).unwrap();
        for at in FORM.len()..sealed.len() - 1 {
            let swapped = if &sealed[at..=at] == "A" { "B" } else { "A" };
            let changed = format!("{}{swapped}{}", &sealed[..at], &sealed[at + 1..]);
            assert!(seal.open("xero", &changed).is_none(), "{at}");
        }
        for cut in ["", "v1.", "v1.AAAA", &sealed[..sealed.len() - 4], &sealed[1..]] {
            assert!(seal.open("xero", cut).is_none(), "{cut}");
        }
    }

    #[test]
    fn a_short_key_is_refused() {
        assert_eq!(Seal::new(&SecretString::from("hunter2")).unwrap_err(), NotAKey);
    }
}
