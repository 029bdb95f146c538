//! Sessions: a one-time code, shown where only the person looks, becomes a bearer token that only their client knows.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conclave_core::hash::{Label, hash};
use conclave_core::id::{Digest, Millis};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// How long a one-time code can be used.
pub const CODE_LIFETIME_MS: u64 = 10 * 60 * 1000;

/// Codes that wait to be used; the oldest gives way.
const CODES_MAX: usize = 16;

/// Sessions at the same time; the oldest gives way. A person has few tabs, and each reload keeps its session.
const SESSIONS_MAX: usize = 64;

/// Draws 32 random bytes as 43 characters of URL-safe base64.
///
/// # Errors
/// The system has no randomness.
pub fn random_token() -> Result<Zeroizing<String>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes)?;
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

/// What is kept of a token: comparing hashes tells nothing of the token, in time or otherwise.
pub fn token_hash(token: &str) -> Digest {
    hash(Label::ApiToken, &[token.as_bytes()])
}

/// Codes and sessions of this run of the node. Neither survives it.
#[derive(Default)]
pub struct Sessions {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    codes: VecDeque<(Digest, Millis)>,
    sessions: VecDeque<Digest>,
}

impl Sessions {
    /// Makes a one-time code.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new_code(&self, now: Millis) -> Result<Zeroizing<String>, getrandom::Error> {
        let code = random_token()?;
        let mut state = self.lock();
        if state.codes.len() >= CODES_MAX {
            state.codes.pop_front();
        }
        state.codes.push_back((token_hash(&code), now));
        Ok(code)
    }

    /// Exchanges a code for a token; the code is used up. `None` if it is unknown, used or too old.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn redeem(
        &self,
        code: &str,
        now: Millis,
    ) -> Result<Option<Zeroizing<String>>, getrandom::Error> {
        let offered = token_hash(code);
        let mut state = self.lock();
        state
            .codes
            .retain(|(_, made)| now.0.saturating_sub(made.0) < CODE_LIFETIME_MS);
        let Some(index) = state
            .codes
            .iter()
            .position(|(known, _)| bool::from(same(known, &offered)))
        else {
            return Ok(None);
        };
        state.codes.remove(index);
        drop(state);
        self.new_session().map(Some)
    }

    /// Makes a session token.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn new_session(&self) -> Result<Zeroizing<String>, getrandom::Error> {
        let token = random_token()?;
        let mut state = self.lock();
        if state.sessions.len() >= SESSIONS_MAX {
            // The first session is the command line's, whose token lies in the profile.
            state.sessions.remove(1);
        }
        state.sessions.push_back(token_hash(&token));
        Ok(token)
    }

    /// Whether a hashed token is one of a session.
    pub fn knows(&self, token: &Digest) -> bool {
        let known = self
            .lock()
            .sessions
            .iter()
            .fold(Choice::from(0), |found, session| {
                found | same(session, token)
            });
        known.into()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Compares two hashes in constant time.
pub fn same(a: &Digest, b: &Digest) -> Choice {
    a.0.ct_eq(&b.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_code_works_once_and_gives_a_session() {
        let sessions = Sessions::default();
        let code = sessions.new_code(Millis(0)).unwrap();
        let token = sessions.redeem(&code, Millis(1)).unwrap().unwrap();
        assert!(sessions.knows(&token_hash(&token)));
        assert!(sessions.redeem(&code, Millis(2)).unwrap().is_none());
        assert!(!sessions.knows(&token_hash(&code)));
    }

    #[test]
    fn a_code_dies_after_ten_minutes() {
        let sessions = Sessions::default();
        let (in_time, too_late) = (
            sessions.new_code(Millis(0)).unwrap(),
            sessions.new_code(Millis(0)).unwrap(),
        );
        assert!(
            sessions
                .redeem(&in_time, Millis(CODE_LIFETIME_MS - 1))
                .unwrap()
                .is_some()
        );
        assert!(
            sessions
                .redeem(&too_late, Millis(CODE_LIFETIME_MS))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn codes_and_sessions_are_bounded_and_the_first_session_stays() {
        let sessions = Sessions::default();
        let first = sessions.new_session().unwrap();
        let second = sessions.new_session().unwrap();
        for _ in 0..SESSIONS_MAX {
            sessions.new_session().unwrap();
            sessions.new_code(Millis(0)).unwrap();
        }
        assert!(sessions.knows(&token_hash(&first)));
        assert!(!sessions.knows(&token_hash(&second)));
        assert_eq!(sessions.lock().sessions.len(), SESSIONS_MAX);
        assert_eq!(sessions.lock().codes.len(), CODES_MAX);
    }
}
