//! Passwords, checked without letting anyone spend our processor.
//!
//! bcrypt is slow on purpose, so every check of a password that is not known yet is a way to keep a processor busy.
//! Always true: at most one check runs at a time and few wait, off the threads that serve; a password that was right is
//! recognised at once, however many wrong ones are being tried; an unknown user takes as long as a known one; what is
//! remembered of passwords is bounded, and useless outside this process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Checks at once. One: strangers may spend one processor, and the rest serves.
const CHECKS: usize = 1;
/// Checks that may wait. At the usual cost of 10 the last of them waits about 2 s, well within a scrape's timeout.
const WAITING: usize = 32;
/// Wrong passwords remembered, so that a misconfigured client costs one check, not one each scrape.
const WRONG: usize = 256;

/// The password's trace in memory: a digest with a key of this process.
type Trace = [u8; 32];

/// `basic_auth_users`: who may come in. Never empty.
pub(super) struct Users {
    /// User to bcrypt hash; the hashes were checked when they were read.
    hashes: BTreeMap<String, String>,
    key: [u8; 32],
    memory: Mutex<Memory>,
    queue: Arc<Semaphore>,
    check: Arc<Semaphore>,
}

#[derive(Default)]
struct Memory {
    /// The last right password of each user. One each: some passwords are the same to bcrypt.
    right: HashMap<String, Trace>,
    /// The latest wrong ones, oldest first.
    wrong: VecDeque<Trace>,
}

/// What became of a request's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Let it in.
    Allowed,
    /// No credentials, or wrong ones.
    Refused,
    /// Too many passwords are being checked already.
    Busy,
    /// More requests came than the file allows.
    TooOften,
}

impl Users {
    /// `hashes` must be valid bcrypt hashes and at least one; `key` random.
    pub(super) fn new(hashes: BTreeMap<String, String>, key: [u8; 32]) -> Self {
        Self {
            hashes,
            key,
            memory: Mutex::default(),
            queue: Arc::new(Semaphore::new(CHECKS + WAITING)),
            check: Arc::new(Semaphore::new(CHECKS)),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Insertions are single steps, so a poisoned memory is still a memory.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Judges an `Authorization` header.
    pub(super) async fn judge(&self, authorization: Option<&HeaderValue>) -> Verdict {
        let Some((user, password)) = authorization.and_then(basic) else {
            return Verdict::Refused;
        };
        let trace = self.trace(&user, &password);
        if let Some(verdict) = self.remembered(&user, &trace) {
            return verdict;
        }
        let Ok(_in_line) = self.queue.clone().try_acquire_owned() else {
            return Verdict::Busy;
        };
        // The semaphore is never closed; if it were, nobody would come in.
        let Ok(turn) = self.check.clone().acquire_owned().await else {
            return Verdict::Refused;
        };
        // Others may have asked the same while this one waited.
        if let Some(verdict) = self.remembered(&user, &trace) {
            return verdict;
        }
        let (known, hash) = self.hash_of(&user);
        let check = tokio::task::spawn_blocking(move || {
            // Held until the check is over, even if the client no longer waits for it.
            let _turn = turn;
            bcrypt::verify(password, &hash).unwrap_or(false)
        });
        let right = check.await.unwrap_or(false) && known;
        self.remember(user, trace, right);
        if right { Verdict::Allowed } else { Verdict::Refused }
    }

    /// The user's hash; for a stranger always the same user's, so that the time taken does not tell who exists.
    fn hash_of(&self, user: &str) -> (bool, String) {
        if let Some(hash) = self.hashes.get(user) {
            return (true, hash.clone());
        }
        let any = usize::from(self.trace(user, b"")[0]) % self.hashes.len().max(1);
        (false, self.hashes.values().nth(any).cloned().unwrap_or_default())
    }

    fn trace(&self, user: &str, password: &[u8]) -> Trace {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(user.len().to_le_bytes());
        digest.update(user);
        digest.update(password);
        digest.finalize().into()
    }

    fn remembered(&self, user: &str, trace: &Trace) -> Option<Verdict> {
        let memory = self.memory();
        if memory.right.get(user).is_some_and(|right| right.ct_eq(trace).into()) {
            return Some(Verdict::Allowed);
        }
        let wrong = memory.wrong.iter().any(|wrong| wrong.ct_eq(trace).into());
        wrong.then_some(Verdict::Refused)
    }

    fn remember(&self, user: String, trace: Trace, right: bool) {
        let mut memory = self.memory();
        if right {
            memory.right.insert(user, trace);
            return;
        }
        if memory.wrong.len() == WRONG {
            memory.wrong.pop_front();
        }
        memory.wrong.push_back(trace);
    }
}

impl std::fmt::Debug for Users {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Users({})", self.hashes.len())
    }
}

/// User and password of a `Basic` header.
fn basic(header: &HeaderValue) -> Option<(String, Vec<u8>)> {
    let (scheme, credentials) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let mut user = STANDARD.decode(credentials.trim()).ok()?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon + 1);
    user.pop();
    Some((String::from_utf8(user).ok()?, password))
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

    async fn verdict(users: &Users, user: &str, password: &str) -> Verdict {
        users.judge(Some(&header(user, password))).await
    }

    #[tokio::test]
    async fn only_the_right_password_opens() {
        let users = users();
        for _ in 0..2 {
            assert_eq!(verdict(&users, "alice", "secret").await, Verdict::Allowed);
            assert_eq!(verdict(&users, "bob", "pass:word").await, Verdict::Allowed);
            assert_eq!(verdict(&users, "alice", "pass:word").await, Verdict::Refused);
            assert_eq!(verdict(&users, "alice", "").await, Verdict::Refused);
            assert_eq!(verdict(&users, "carol", "secret").await, Verdict::Refused);
        }
    }

    #[tokio::test]
    async fn what_is_no_basic_header_is_refused() {
        let users = users();
        assert_eq!(users.judge(None).await, Verdict::Refused);
        for text in [
            "",
            "Basic",
            "Basic !",
            "Basic YWxpY2U=",
            "Bearer YWxpY2U6c2VjcmV0",
            "Basic /////w==",
        ] {
            let header = HeaderValue::from_static(text);
            assert_eq!(users.judge(Some(&header)).await, Verdict::Refused, "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_remembered_is_bounded() {
        let users = users();
        for number in 0..WRONG + 20 {
            assert_eq!(verdict(&users, "alice", &number.to_string()).await, Verdict::Refused);
        }
        verdict(&users, "alice", "secret").await;
        // The same password to bcrypt, which repeats it with a zero between.
        assert_eq!(verdict(&users, "alice", "secret\0secret").await, Verdict::Allowed);
        let memory = users.memory();
        assert_eq!((memory.wrong.len(), memory.right.len()), (WRONG, 1));
    }

    #[tokio::test]
    async fn a_flood_of_wrong_passwords_does_not_delay_who_is_known() {
        let users = users();
        assert_eq!(verdict(&users, "alice", "secret").await, Verdict::Allowed);
        let _check_that_never_ends = users.check.clone().acquire_owned().await.unwrap();
        let flood: Vec<_> = (0..users.queue.available_permits())
            .map(|number| {
                let users = users.clone();
                tokio::spawn(async move { verdict(&users, "alice", &number.to_string()).await })
            })
            .collect();
        while users.queue.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(verdict(&users, "mallory", "one more").await, Verdict::Busy);
        assert_eq!(verdict(&users, "alice", "secret").await, Verdict::Allowed);
        assert!(flood.iter().all(|attempt| !attempt.is_finished()));
    }

    #[tokio::test]
    async fn nothing_of_a_user_is_shown() {
        assert_eq!(format!("{:?}", users()), "Users(2)");
    }
}
