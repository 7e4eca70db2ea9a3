//! Recognising credentials without having written them down.

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::secret::Secret;

/// One of GeeLark's two ways to authenticate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Bearer`.
    Token(Secret),
    /// The key signature.
    Key {
        /// Sent as `appId`; not a secret, yet of no interest to a log.
        app_id: String,
        /// Signs, is never sent.
        api_key: Secret,
    },
}

impl Credentials {
    /// A text by which a later process can tell whether its credentials are these: a random salt, and 16 bits of a hash.
    /// So little that it says nothing of a credential, and enough that a rotated one is rarely taken for the old.
    pub fn fingerprint(&self) -> String {
        self.salted(&Uuid::new_v4().simple().to_string())
    }

    /// Whether `mark` was made of these.
    pub fn matches_fingerprint(&self, mark: &str) -> bool {
        mark.split_once(':').is_some_and(|(salt, _)| self.salted(salt) == mark)
    }

    fn salted(&self, salt: &str) -> String {
        let mut hash = Sha256::new().chain_update(salt);
        match self {
            Self::Token(token) => hash.update(token.expose()),
            Self::Key { app_id, api_key } => {
                hash.update(app_id);
                hash.update([0]);
                hash.update(api_key.expose());
            }
        }
        let hash = hash.finalize();
        format!("{salt}:{:02x}{:02x}", hash[0], hash[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn token(token: &str) -> Credentials {
        Credentials::Token(Secret::from(token.to_owned()))
    }

    #[test]
    fn credentials_are_recognised_by_their_mark_and_others_are_not() {
        let key = Credentials::Key {
            app_id: "id".to_owned(),
            api_key: Secret::from("key".to_owned()),
        };
        // A salt of its own for each mark: one in 65536 would be alike, so the salts here are fixed.
        let mark = token("tok-1").salted("salt");
        assert!(token("tok-1").matches_fingerprint(&mark));
        assert!(!token("tok-2").matches_fingerprint(&mark));
        assert!(!key.matches_fingerprint(&mark));
        assert!(!token("tok-1").matches_fingerprint("nonsense"));
        assert!(key.matches_fingerprint(&key.fingerprint()));
    }

    #[test]
    fn a_mark_is_short_and_never_the_same() {
        let (one, other) = (token("tok-1").fingerprint(), token("tok-1").fingerprint());
        assert_ne!(one, other);
        assert_eq!(one.split_once(':').map(|(_, hash)| hash.len()), Some(4));
    }
}
