//! Passwords of users.
//!
//! bcrypt is slow on purpose, so a client with guessed passwords could keep processors busy. Therefore one check runs at a
//! time, outside of the threads that serve, and few may wait. Outcomes are remembered, so that a known password is never
//! checked again. An unknown user takes as long as a known one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, StatusCode};
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

/// Checks at once, waiting ones included. At the usual cost of 10 the last one waits about 2 s, well within a scrape's
/// timeout.
const CHECKS: usize = 33;
/// Wrong passwords that are remembered, so that a misconfigured client does not cost one check each scrape.
const WRONG: usize = 256;

/// What is remembered of user and password: a digest with a secret key, useless outside this process. An attacker cannot
/// choose it, so comparing it in variable time reveals nothing.
type Fingerprint = [u8; 32];

/// `basic_auth_users`. Never empty.
pub(super) struct Users {
    /// bcrypt hashes by user, checked when they were read.
    hashes: BTreeMap<String, String>,
    key: [u8; 32],
    memory: Mutex<Memory>,
    queue: Semaphore,
    check: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Memory {
    /// The last right password of each user. One each, because bcrypt takes different texts for the same password.
    right: HashMap<String, Fingerprint>,
    /// The latest wrong ones, oldest first.
    wrong: VecDeque<Fingerprint>,
}

impl Users {
    /// `hashes` must be valid bcrypt hashes, at least one. `key` must be random.
    pub(super) fn new(hashes: BTreeMap<String, String>, key: [u8; 32]) -> Self {
        Self {
            hashes,
            key,
            memory: Mutex::default(),
            queue: Semaphore::new(CHECKS),
            check: Arc::default(),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Each change is one insertion, so the memory behind a poisoned lock is usable.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks an `Authorization` header. The error is the status of the response: 401, or 503 if too many checks wait.
    pub(super) async fn authenticate(&self, authorization: Option<&HeaderValue>) -> Result<(), StatusCode> {
        let (user, password) = authorization.and_then(basic).ok_or(StatusCode::UNAUTHORIZED)?;
        let fingerprint = self.fingerprint(&user, &password);
        if let Some(is_right) = self.remembered(&user, &fingerprint) {
            return allow(is_right);
        }
        let _waiting = self.queue.try_acquire().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let turn = self.check.clone().lock_owned().await;
        // Another request may have had the same password.
        if let Some(is_right) = self.remembered(&user, &fingerprint) {
            return allow(is_right);
        }
        let known = self.hashes.get(&user);
        // An unknown user gets another user's hash, always the same one, so that the time does not reveal who exists.
        let other = usize::from(self.fingerprint(&user, b"")[0]) % self.hashes.len().max(1);
        let hash = known
            .or_else(|| self.hashes.values().nth(other))
            .cloned()
            .unwrap_or_default();
        let check = tokio::task::spawn_blocking(move || {
            // Kept until the check ends, even if the client no longer waits for it.
            let _turn = turn;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        let is_right = check.await.unwrap_or(false) && known.is_some();
        self.remember(user, fingerprint, is_right);
        allow(is_right)
    }

    fn fingerprint(&self, user: &str, password: &[u8]) -> Fingerprint {
        let digest = Sha256::new()
            .chain_update(self.key)
            .chain_update(user.len().to_le_bytes());
        digest.chain_update(user).chain_update(password).finalize().into()
    }

    /// Whether the password is known to be right or wrong.
    fn remembered(&self, user: &str, fingerprint: &Fingerprint) -> Option<bool> {
        let memory = self.memory();
        let is_right = memory.right.get(user) == Some(fingerprint);
        (is_right || memory.wrong.contains(fingerprint)).then_some(is_right)
    }

    fn remember(&self, user: String, fingerprint: Fingerprint, is_right: bool) {
        let mut memory = self.memory();
        if is_right {
            memory.right.insert(user, fingerprint);
            return;
        }
        memory.wrong.push_back(fingerprint);
        if memory.wrong.len() > WRONG {
            memory.wrong.pop_front();
        }
    }
}

fn allow(is_right: bool) -> Result<(), StatusCode> {
    if is_right {
        Ok(())
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

/// User and password of a `Basic` header.
fn basic(header: &HeaderValue) -> Option<(String, Vec<u8>)> {
    let (scheme, credentials) = header.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(credentials.trim()).ok()?;
    let mut parts = decoded.splitn(2, |byte| *byte == b':');
    let user = String::from_utf8(parts.next()?.to_vec()).ok()?;
    let password = parts.next()?.to_vec();
    scheme.eq_ignore_ascii_case("basic").then_some((user, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// bcrypt's least cost, to keep the tests quick.
    fn users() -> Arc<Users> {
        let hashes = [("alice", "secret"), ("bob", "pass:word")]
            .map(|(user, password)| (user.to_owned(), bcrypt::hash(password, 4).unwrap()));
        Arc::new(Users::new(hashes.into(), [7; 32]))
    }

    fn header(user: &str, password: &str) -> HeaderValue {
        format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
            .parse()
            .unwrap()
    }

    async fn status(users: &Users, user: &str, password: &str) -> u16 {
        let outcome = users.authenticate(Some(&header(user, password))).await;
        outcome.map_or_else(|status| status.as_u16(), |()| 200)
    }

    #[tokio::test]
    async fn only_the_right_password_is_accepted() {
        let users = users();
        for _ in 0..2 {
            assert_eq!(status(&users, "alice", "secret").await, 200);
            assert_eq!(status(&users, "bob", "pass:word").await, 200);
            assert_eq!(status(&users, "alice", "pass:word").await, 401);
            assert_eq!(status(&users, "alice", "").await, 401);
            assert_eq!(status(&users, "carol", "secret").await, 401);
        }
    }

    #[tokio::test]
    async fn a_header_that_is_not_basic_authentication_is_refused() {
        let users = users();
        assert_eq!(users.authenticate(None).await, Err(StatusCode::UNAUTHORIZED));
        for text in [
            "",
            "Basic",
            "Basic !",
            "Basic YWxpY2U=",
            "Bearer YWxpY2U6c2VjcmV0",
            "Basic /////w==",
        ] {
            let header = HeaderValue::from_static(text);
            let outcome = users.authenticate(Some(&header)).await;
            assert_eq!(outcome, Err(StatusCode::UNAUTHORIZED), "{text}");
        }
    }

    #[tokio::test]
    async fn the_number_of_remembered_passwords_is_bounded() {
        let users = users();
        for number in 0..WRONG + 20 {
            assert_eq!(status(&users, "alice", &number.to_string()).await, 401);
        }
        status(&users, "alice", "secret").await;
        // The same password to bcrypt, which repeats it with a zero between.
        assert_eq!(status(&users, "alice", "secret\0secret").await, 200);
        let memory = users.memory();
        assert_eq!((memory.wrong.len(), memory.right.len()), (WRONG, 1));
    }

    #[tokio::test]
    async fn a_flood_of_wrong_passwords_does_not_delay_a_known_password() {
        let users = users();
        assert_eq!(status(&users, "alice", "secret").await, 200);
        let _endless_check = users.check.clone().lock_owned().await;
        let flood: Vec<_> = (0..users.queue.available_permits())
            .map(|number| {
                let users = users.clone();
                tokio::spawn(async move { status(&users, "alice", &number.to_string()).await })
            })
            .collect();
        while users.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(status(&users, "mallory", "one more").await, 503);
        assert_eq!(status(&users, "alice", "secret").await, 200);
        assert!(flood.iter().all(|attempt| !attempt.is_finished()));
    }
}
