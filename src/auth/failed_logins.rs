//! Failed logins that are not written yet.

use std::sync::{Mutex, PoisonError};

use super::login_name::LoginName;
use crate::base::{clock::Millis, member::ClientInfo};

/// Notes in memory; more are dropped. Hashes take so long that no second has as many failed logins.
const MOST: usize = 512;

/// What was tried and did not fit, until it is written down.
#[derive(Default)]
pub struct FailedLogins(Mutex<Vec<Note>>);

/// A failed login.
#[derive(Clone)]
pub struct Note {
    /// What was typed as the name.
    pub login: LoginName,
    /// From where.
    pub client: ClientInfo,
    /// When.
    pub at: Millis,
}

impl FailedLogins {
    /// Adds one, if there is room.
    pub fn add(&self, note: Note) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MOST {
            notes.push(note);
        }
    }

    /// Takes all of them.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
