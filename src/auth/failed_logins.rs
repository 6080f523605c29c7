//! Failed logins that are not written to the database yet.

use std::sync::{Mutex, PoisonError};

use super::login_name::LoginName;
use crate::base::{clock::Millis, member::ClientInfo};

/// Notes in memory; further ones are dropped. Hashing is slow enough that this many failed logins
/// cannot happen between two writes.
const MAX_NOTES: usize = 512;

/// Failed logins in memory, until `accounts::service::write_failed_logins` writes them.
#[derive(Default)]
pub struct FailedLogins(Mutex<Vec<Note>>);

/// A failed login.
#[derive(Clone)]
pub struct Note {
    /// The name that was typed.
    pub login: LoginName,
    /// The client's address and browser.
    pub client: ClientInfo,
    /// Whether a mailed code was wrong, and not a password.
    pub is_by_code: bool,
    /// The time of the login, in milliseconds since 1970.
    pub at: Millis,
}

impl FailedLogins {
    /// Adds a note, or drops it when there are too many.
    pub fn add(&self, note: Note) {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.len() < MAX_NOTES {
            notes.push(note);
        }
    }

    /// Removes all notes and returns them.
    pub fn take(&self) -> Vec<Note> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
