//! Text that must not be printed: relay access tokens.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A relay access token. Never printed, wiped when dropped, compared in constant time.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// Returns the text. The caller keeps it out of logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Tells whether `candidate` is this text, in a time that depends on the lengths only.
    pub fn matches(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_itself_alone_and_is_never_printed() {
        let secret = Secret::new("opensesame");
        assert!(secret.matches("opensesame"));
        assert!(!secret.matches("opensesamE"));
        assert!(!secret.matches("opensesame "));
        assert!(!secret.matches(""));
        assert!(!format!("{secret:?}").contains("opensesame"));
    }
}
