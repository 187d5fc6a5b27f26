//! Values that a client keeps and cannot change: Tornado's signed values, in its format.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Keys with their numbers. The last one signs, and all of them verify.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<(u32, Vec<u8>)>);

impl Secrets {
    pub(super) fn new(keys: impl IntoIterator<Item = (u32, Vec<u8>)>) -> Self {
        Self(keys.into_iter().collect())
    }

    /// The value with its name, the time and a signature: `2|1:0|10:1700000000|4:user|8:YWxpY2U=|` and the signature. Numbers before a colon are lengths.
    ///
    /// It is nothing when there is no key.
    pub(super) fn sign(&self, name: &str, value: &[u8], now: SystemTime) -> Option<String> {
        let (version, key) = self.0.last()?;
        let value = BASE64.encode(value);
        let fields = [
            &version.to_string(),
            &seconds(now).to_string(),
            name,
            &value,
        ];
        let mut text = "2|".to_owned();
        for field in fields {
            text.push_str(&format!("{}:{field}|", field.len()));
        }
        let signature = mac(key, &text).finalize().into_bytes();
        text.push_str(&hex(&signature));
        Some(text)
    }

    /// The value, if it was signed for this name with one of the keys, and not longer than `max_age` ago.
    pub(super) fn verify(
        &self,
        name: &str,
        signed: &str,
        max_age: Duration,
        now: SystemTime,
    ) -> Option<Vec<u8>> {
        let (text, signature) = signed.split_at_checked(signed.rfind('|')? + 1)?;
        let mut rest = text.strip_prefix("2|")?;
        let mut field = || {
            let (field, behind) = split_field(rest)?;
            rest = behind;
            Some(field)
        };
        let (version, time, own_name, value) = (field()?, field()?, field()?, field()?);
        let version: u32 = version.parse().ok()?;
        let (_, key) = self.0.iter().find(|(number, _)| *number == version)?;
        mac(key, text).verify_slice(&unhex(signature)?).ok()?;
        let age = seconds(now).saturating_sub(time.parse().ok()?);
        if !rest.is_empty() || own_name != name || age > max_age.as_secs() {
            return None;
        }
        BASE64.decode(value).ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let versions = self.0.iter().map(|(version, _)| version);
        f.debug_list().entries(versions).finish()
    }
}

/// A field at the beginning of `text`, and what follows the bar behind it.
fn split_field(text: &str) -> Option<(&str, &str)> {
    let (length, rest) = text.split_once(':')?;
    let (field, rest) = rest.split_at_checked(length.parse().ok()?)?;
    Some((field, rest.strip_prefix('|')?))
}

fn mac(key: &[u8], text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key may have any length");
    mac.update(text.as_bytes());
    mac
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

/// Bytes as digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<_>> = text.chars().map(|c| c.to_digit(16)).collect();
    let pairs = digits?;
    let pairs = pairs.chunks(2).map(|pair| match *pair {
        [high, low] => u8::try_from(high * 16 + low).ok(),
        _ => None,
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86400);

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn secrets(keys: &[(u32, &str)]) -> Secrets {
        Secrets::new(keys.iter().map(|(version, key)| (*version, (*key).into())))
    }

    /// What Tornado 6.6 makes of `create_signed_value("secret", "user", "alice", clock=lambda: 1700000000)`.
    const TORNADOS: &str = "2|1:0|10:1700000000|4:user|8:YWxpY2U=|625e353ffbe75bfe6bf85c804055953dd5ee49762f0b4717197c3fe832cb2aca";

    #[test]
    fn the_format_is_tornados() {
        let secrets = secrets(&[(0, "secret")]);
        let now = at(1_700_000_000);
        assert_eq!(
            secrets.sign("user", b"alice", now).as_deref(),
            Some(TORNADOS)
        );
        assert_eq!(
            secrets.verify("user", TORNADOS, DAY, now).as_deref(),
            Some(&b"alice"[..])
        );
    }

    #[test]
    fn age_name_and_key_count() {
        let old = secrets(&[(1, "old")]);
        let both = secrets(&[(1, "old"), (2, "new")]);
        let now = at(1_000_000);
        let signed = old.sign("user", b"x", now).expect("a key");
        assert!(both.verify("user", &signed, DAY, now + DAY).is_some());
        assert!(
            both.verify("user", &signed, DAY, now + DAY + Duration::from_secs(1))
                .is_none()
        );
        assert!(both.verify("other", &signed, DAY, now).is_none());
        let signed = both.sign("user", b"x", now).expect("a key");
        assert!(signed.starts_with("2|1:2|"));
        assert!(old.verify("user", &signed, DAY, now).is_none());
        assert!(
            secrets(&[(2, "other")])
                .verify("user", &signed, DAY, now)
                .is_none()
        );
    }

    #[test]
    fn no_byte_of_it_can_be_changed() {
        let secrets = secrets(&[(0, "secret")]);
        let now = at(1_700_000_000);
        for at in 0..TORNADOS.len() {
            let mut bytes = TORNADOS.as_bytes().to_vec();
            bytes[at] ^= 1;
            let text = String::from_utf8(bytes).expect("ASCII");
            assert!(secrets.verify("user", &text, DAY, now).is_none(), "{text}");
            assert!(secrets.verify("user", &TORNADOS[..at], DAY, now).is_none());
        }
    }
}
