//! The credentials of an account.

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A token or key. Its `Debug` output does not contain it, and its memory is wiped on drop.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret itself, to sign or send it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(secret: String) -> Self {
        Self(secret.into())
    }
}

/// Compares a configured secret with the one before a reload. No stranger can measure the time that this takes.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

/// One of GeeLark's two ways to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer`.
    Token(Secret),
    /// The key signature.
    Key {
        /// Sent as `appId`.
        app_id: String,
        /// Signs the request, and is never sent.
        api_key: Secret,
    },
}

impl Credentials {
    /// A text by which a later process can tell whether it has the same credentials: a random salt and 16 bits of a hash.
    /// It is too short to reveal anything, and long enough to detect nearly every rotation.
    pub fn fingerprint(&self) -> String {
        self.salted(&Uuid::new_v4().simple().to_string())
    }

    /// Whether `fingerprint` was made of these credentials.
    pub fn matches_fingerprint(&self, fingerprint: &str) -> bool {
        fingerprint
            .split_once(':')
            .is_some_and(|(salt, _)| self.salted(salt) == fingerprint)
    }

    fn salted(&self, salt: &str) -> String {
        let hash = match self {
            Self::Token(token) => sha256([salt, token.expose()]),
            Self::Key { app_id, api_key } => sha256([salt, app_id, "\0", api_key.expose()]),
        };
        format!("{salt}:{}", &hash[..4])
    }
}

/// The SHA-256 of the concatenated parts, in lower-case hexadecimal digits.
pub(super) fn sha256<const N: usize>(parts: [&str; N]) -> String {
    let hash = parts.into_iter().fold(Sha256::new(), Sha256::chain_update);
    let digits = hash.finalize().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(token: &str) -> Credentials {
        Credentials::Token(Secret::from(token.to_owned()))
    }

    #[test]
    fn a_fingerprint_matches_only_its_credentials() {
        let key = Credentials::Key {
            app_id: "id".to_owned(),
            api_key: Secret::from("key".to_owned()),
        };
        // The salt is fixed, because one random fingerprint in 65,536 matches other credentials.
        let fingerprint = token("tok-1").salted("salt");
        assert!(token("tok-1").matches_fingerprint(&fingerprint));
        assert!(!token("tok-2").matches_fingerprint(&fingerprint));
        assert!(!key.matches_fingerprint(&fingerprint));
        assert!(!token("tok-1").matches_fingerprint("nonsense"));
        assert!(key.matches_fingerprint(&key.fingerprint()));
    }

    #[test]
    fn a_fingerprint_is_short_and_never_the_same() {
        let (one, other) = (token("tok-1").fingerprint(), token("tok-1").fingerprint());
        assert_ne!(one, other);
        assert_eq!(one.split_once(':').map(|(_, hash)| hash.len()), Some(4));
    }

    #[test]
    fn debug_output_has_no_secret() {
        let shown = format!("{:?}", token("tok-1"));
        assert!(!shown.contains("tok-1"), "{shown}");
    }
}
