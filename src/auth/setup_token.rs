//! The one-time token with which the first superuser is created in a browser. Only its hash is
//! kept, in memory: it is valid on this instance until the program stops.

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::django_hash::same;

/// The token of this run, if there is one.
#[derive(Default)]
pub struct SetupToken(OnceLock<[u8; 32]>);

impl SetupToken {
    /// Creates the token of 256 random bits and returns it, or `None` when it was created before.
    pub fn issue(&self) -> Option<String> {
        let token = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
        self.0.set(hash(&token)).ok().map(|()| token)
    }

    /// Returns whether this is the token. Without one, none is.
    pub fn matches(&self, token: &str) -> bool {
        self.0.get().is_some_and(|known| same(known, &hash(token)))
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_issued_token_matches() {
        let setup = SetupToken::default();
        assert!(!setup.matches(""), "there is none yet");
        let token = setup.issue().expect("the first");
        assert_eq!(token.len(), 43);
        assert!(setup.matches(&token) && setup.issue().is_none());
        let other = SetupToken::default().issue().expect("the first");
        for wrong in [other.as_str(), "", &token[1..], &token.to_lowercase(), &format!("{token} ")] {
            assert!(!setup.matches(wrong), "{wrong}");
        }
    }
}
