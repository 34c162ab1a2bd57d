//! States that OpenTofu encrypted: what their envelope says, and their content when a key opens it. All in memory.

use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInPlace, KeyInit};
use aes_gcm::aes::{Aes128, Aes192, Aes256};
use aes_gcm::{AesGcm, Nonce, Tag};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use serde::Deserialize;
use serde_json::Value;

use crate::error::StateError;

const NONCE: usize = 12;
const TAG: usize = 16;

/// OpenTofu's default is 600,000; a state that asks for far more would only hold the run up.
const MOST_ITERATIONS: u32 = 20_000_000;

/// Keys for states that OpenTofu encrypted. No output ever shows one.
#[derive(Clone, Default)]
pub struct Keys {
    passphrases: Vec<String>,
    raw: Vec<Vec<u8>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({} passphrases, {} keys)", self.passphrases.len(), self.raw.len())
    }
}

impl Keys {
    /// Adds the passphrase of a `pbkdf2` key provider.
    pub fn add_passphrase(&mut self, passphrase: impl Into<String>) {
        self.passphrases.push(passphrase.into());
    }

    /// Adds the key of a `static` key provider, in hexadecimal as OpenTofu takes it.
    ///
    /// # Errors
    /// What is wrong with it, in words that do not quote it.
    pub fn add_hex(&mut self, text: &str) -> Result<(), String> {
        let text = text.trim();
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.ok_or("the key holds characters that are no hexadecimal digits")?;
        if !matches!(digits.len(), 32 | 48 | 64) {
            return Err(format!(
                "the key has {} hexadecimal digits; 32, 48 or 64 make a key of AES",
                digits.len()
            ));
        }
        self.raw.push(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect());
        Ok(())
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.passphrases.is_empty() && self.raw.is_empty()
    }
}

/// What stands around the content of an encrypted state.
#[derive(Debug, Default)]
pub(crate) struct Envelope {
    /// Whether there is one: the document has encrypted data or the version of an encryption.
    pub(crate) found: bool,
    /// What each key provider noted for decryption, by its address or alias.
    pub(crate) meta: Value,
    /// The content; only kept where there are keys to try.
    pub(crate) data: String,
    /// The version of the envelope.
    pub(crate) version: String,
}

/// What the key provider `pbkdf2` notes.
#[derive(Deserialize)]
struct Derivation {
    salt: String,
    iterations: u32,
    hash_function: String,
    key_length: usize,
}

impl Envelope {
    /// The content in clear.
    ///
    /// # Errors
    /// That there is no key, that none fits, or that the envelope is not understood; with the key providers it names.
    pub(crate) fn open(self, uri: &str, keys: &Keys) -> Result<Vec<u8>, StateError> {
        let by = self.providers();
        if !self.version.is_empty() && self.version != "v0" {
            let what =
                "this state is encrypted by OpenTofu in a form that is newer than this program knows (v0)";
            return Err(StateError::new(uri, what, "update stateward").encrypted());
        }
        if keys.is_empty() {
            let what = format!("this state is encrypted by OpenTofu{by}, and its resources cannot be seen");
            let remedy = "name what holds the key (`--state-passphrase-env`, `--state-key-env`, `--state-key-file`), or \
                          decrypt it first: `tofu state pull` with the key configured prints it in clear";
            return Err(StateError::new(uri, what, remedy).encrypted());
        }
        let Ok(mut data) = STANDARD.decode(self.data.as_bytes()) else {
            let what = "the encrypted data of this state is not base64";
            let remedy = "fetch it again, or restore the last whole version from the bucket's versions";
            return Err(StateError::new(uri, what, remedy).encrypted());
        };
        let opened = keys.raw.iter().any(|key| decrypt(key, &mut data))
            || self.derivations().any(|derivation| {
                keys.passphrases.iter().any(|passphrase| {
                    derive(passphrase, &derivation).is_some_and(|key| decrypt(&key, &mut data))
                })
            });
        if !opened {
            let what = format!("none of the given keys opens this state, which is encrypted by OpenTofu{by}");
            let remedy = "check the passphrase or key; of OpenTofu's key providers, pbkdf2 with a passphrase and static \
                          are known, and of its methods aes_gcm without aad; `tofu state pull` prints any in clear";
            return Err(StateError::new(uri, what, remedy).encrypted());
        }
        data.truncate(data.len() - TAG);
        data.drain(..NONCE);
        Ok(data)
    }

    /// The key providers for people; an alias names none, and nothing but plain names is shown.
    fn providers(&self) -> String {
        let plain = |name: &&str| {
            name.len() <= 80
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        };
        let named: Vec<&str> =
            self.meta.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let named: Vec<&str> = named
            .into_iter()
            .map(|name| name.strip_prefix("key_provider.").unwrap_or(name))
            .filter(plain)
            .collect();
        match named.as_slice() {
            [] => String::new(),
            [one] => format!(" with the key provider {one}"),
            many => format!(" with the key providers {}", many.join(", ")),
        }
    }

    fn derivations(&self) -> impl Iterator<Item = Derivation> {
        self.meta.as_object().into_iter().flatten().filter_map(|(_, noted)| match noted {
            Value::String(text) => serde_json::from_slice(&STANDARD.decode(text).ok()?).ok(),
            plain => Derivation::deserialize(plain).ok(),
        })
    }
}

fn derive(passphrase: &str, how: &Derivation) -> Option<Vec<u8>> {
    let salt = STANDARD.decode(&how.salt).ok()?;
    if how.iterations == 0 || how.iterations > MOST_ITERATIONS || !matches!(how.key_length, 16 | 24 | 32) {
        return None;
    }
    let mut key = vec![0; how.key_length];
    let passphrase = passphrase.as_bytes();
    match how.hash_function.as_str() {
        "sha256" => pbkdf2::pbkdf2::<Hmac<sha2::Sha256>>(passphrase, &salt, how.iterations, &mut key),
        "sha384" => pbkdf2::pbkdf2::<Hmac<sha2::Sha384>>(passphrase, &salt, how.iterations, &mut key),
        "sha512" => pbkdf2::pbkdf2::<Hmac<sha2::Sha512>>(passphrase, &salt, how.iterations, &mut key),
        _ => return None,
    }
    .ok()?;
    Some(key)
}

/// Decrypts what stands between nonce and tag; nothing is changed unless the tag says that the key is right.
fn decrypt(key: &[u8], data: &mut [u8]) -> bool {
    match key.len() {
        16 => decrypt_with::<AesGcm<Aes128, U12>>(key, data),
        24 => decrypt_with::<AesGcm<Aes192, U12>>(key, data),
        32 => decrypt_with::<AesGcm<Aes256, U12>>(key, data),
        _ => false,
    }
}

fn decrypt_with<C>(key: &[u8], data: &mut [u8]) -> bool
where
    C: KeyInit + AeadInPlace<NonceSize = U12, TagSize = aes_gcm::aead::consts::U16>,
{
    let Ok(cipher) = C::new_from_slice(key) else { return false };
    if data.len() < NONCE + TAG {
        return false;
    }
    let (nonce, rest) = data.split_at_mut(NONCE);
    let (content, tag) = rest.split_at_mut(rest.len() - TAG);
    cipher.decrypt_in_place_detached(Nonce::from_slice(nonce), &[], content, Tag::from_slice(tag)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const PASSPHRASE: &str = "correct-horse-battery-staple";

    /// Encrypts as OpenTofu's method aes_gcm does: the nonce, the ciphertext, the tag.
    fn encrypted(key: &[u8], plain: &[u8]) -> String {
        fn with<C: KeyInit + AeadInPlace<NonceSize = U12, TagSize = aes_gcm::aead::consts::U16>>(
            key: &[u8],
            plain: &[u8],
        ) -> String {
            let nonce = [7_u8; NONCE];
            let mut content = plain.to_vec();
            let cipher = C::new_from_slice(key).unwrap();
            let tag = cipher.encrypt_in_place_detached(Nonce::from_slice(&nonce), &[], &mut content).unwrap();
            STANDARD.encode([nonce.as_slice(), &content, tag.as_slice()].concat())
        }
        match key.len() {
            16 => with::<AesGcm<Aes128, U12>>(key, plain),
            24 => with::<AesGcm<Aes192, U12>>(key, plain),
            _ => with::<AesGcm<Aes256, U12>>(key, plain),
        }
    }

    fn envelope(meta: Value, data: String) -> Envelope {
        Envelope { found: true, meta, data, version: "v0".into() }
    }

    fn noted(hash: &str, length: usize) -> (Value, Derivation) {
        let how = json!({"salt": STANDARD.encode([9_u8; 32]), "iterations": 1000, "hash_function": hash, "key_length": length});
        (json!(STANDARD.encode(how.to_string())), serde_json::from_value(how).unwrap())
    }

    /// The known answer of OpenTofu's own test of its key provider pbkdf2 (internal/encryption/keyprovider/pbkdf2,
    /// example_decrypt_test.go).
    #[test]
    fn a_key_is_derived_as_opentofu_derives_it() {
        let salt = [
            0x10, 0xec, 0x3d, 0x3f, 0xe0, 0x2a, 0xd2, 0xbe, 0xe6, 0xf1, 0xf5, 0x54, 0x0f, 0x8e, 0x6b, 0xbe,
            0x3b, 0x8b, 0x29, 0x44, 0x5c, 0xf5, 0x02, 0xd2, 0x7d, 0x47, 0xad, 0x55, 0x4a, 0xa8, 0x97, 0x1f,
        ];
        let how = Derivation {
            salt: STANDARD.encode(salt),
            iterations: 600_000,
            hash_function: "sha512".into(),
            key_length: 32,
        };
        let key: String =
            derive(PASSPHRASE, &how).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(key, "225872367198760137e0a18580433447bbf578fbe2b87ff36aef3c175fe5709c");
    }

    #[test]
    fn a_passphrase_opens_what_it_closed() {
        for (hash, length) in [("sha256", 16), ("sha384", 24), ("sha512", 32)] {
            let (meta, how) = noted(hash, length);
            let data = encrypted(&derive(PASSPHRASE, &how).unwrap(), b"{}");
            let mut keys = Keys::default();
            keys.add_passphrase("another one that is wrong");
            keys.add_passphrase(PASSPHRASE);
            let meta = json!({"key_provider.pbkdf2.old": "e30=", "team alias": meta});
            assert_eq!(envelope(meta, data).open("x", &keys).unwrap(), b"{}", "{hash}");
        }
    }

    #[test]
    fn a_static_key_opens_with_or_without_notes() {
        let key = "6f6f706830656f67686f6834616872756f3751756165686565796f6f72653169";
        let bytes: Vec<u8> =
            (0..32).map(|at| u8::from_str_radix(&key[at * 2..at * 2 + 2], 16).unwrap()).collect();
        let mut keys = Keys::default();
        keys.add_hex(&format!("{key}\n")).unwrap();
        let magic = STANDARD.encode(r#"{"magic":"Hello world!"}"#);
        for meta in [json!({"key_provider.static.basic": magic}), Value::Null] {
            assert_eq!(envelope(meta, encrypted(&bytes, b"clear")).open("x", &keys).unwrap(), b"clear");
        }
    }

    #[test]
    fn a_refusal_names_the_key_providers_and_never_a_key() {
        let (meta, _) = noted("sha512", 32);
        let meta =
            json!({"key_provider.pbkdf2.main": meta, "key_provider.aws_kms.prod": "", "odd \u{1b}[31m": ""});
        let locked = || envelope(meta.clone(), encrypted(&[1; 32], b"{}"));
        let none = locked().open("s.tfstate", &Keys::default()).unwrap_err();
        assert!(none.encrypted && none.what.contains("key providers aws_kms.prod, pbkdf2.main,"), "{none}");
        assert!(
            none.remedy.contains("--state-passphrase-env") && none.remedy.contains("tofu state pull"),
            "{none}"
        );

        let mut keys = Keys::default();
        keys.add_passphrase("hush-hush-hush-hush");
        let wrong = locked().open("s.tfstate", &keys).unwrap_err();
        assert!(wrong.encrypted && wrong.what.contains("none of the given keys"), "{wrong}");
        assert!(!format!("{wrong} {keys:?}").contains("hush"));
        let newer = Envelope { version: "v1".into(), ..locked() }.open("s", &keys).unwrap_err();
        assert!(newer.what.contains("newer") && newer.remedy.contains("update"), "{newer}");
    }

    #[test]
    fn a_key_that_is_none_is_refused_without_quoting_it() {
        let mut keys = Keys::default();
        let odd = keys.add_hex("correct-horse").unwrap_err();
        assert!(odd.contains("hexadecimal") && !odd.contains("horse"), "{odd}");
        assert!(keys.add_hex("abcd").unwrap_err().contains("4 hexadecimal digits"));
        assert!(keys.add_hex("é9").is_err() && keys.is_empty());
    }

    #[test]
    fn what_would_take_for_ever_is_not_tried() {
        let (_, how) = noted("sha512", 32);
        assert_eq!(derive("x", &Derivation { iterations: u32::MAX, ..how }), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_envelope_is_too_odd(data in "[A-Za-z0-9+/=]{0,80}", flip in 0_usize..40) {
            let mut keys = Keys::default();
            keys.add_hex(&"ab".repeat(32)).unwrap();
            prop_assert!(envelope(Value::Null, data).open("x", &keys).is_err());
            // One flipped bit anywhere is noticed.
            let mut bytes = STANDARD.decode(encrypted(&[0xab; 32], b"twelve bytes")).unwrap();
            let at = flip % bytes.len();
            bytes[at] ^= 1;
            prop_assert!(envelope(Value::Null, STANDARD.encode(bytes)).open("x", &keys).is_err());
        }
    }
}
