//! Passkeys: adding and removing them, and the proof by one.

mod ask;
mod challenges;
mod check;
mod manage;

use super::super::store::passkeys as store;
use crate::{
    auth::webauthn::{Credential, options::Known},
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
};

pub use ask::{ask_after_password, asks_after_password};
pub use challenges::{Purpose, creation_options, login_options, proof_options};
pub use check::{
    Fitting, answered, may_offer, offers, read, reauthenticate, refuse_copy, spend, suffice, verify,
};
pub use manage::{Passkey, Removal, accepted, add, list, password_state, remove, remove_since, rename};

/// The most passkeys of an account.
const MAX_PASSKEYS: usize = 20;

fn refused(problem: Problem) -> AppError {
    AppError::invalid(Field::Form, problem)
}

/// Returns the stored credential. One that cannot be read proves nothing.
fn credential(passkey: &store::PasskeyRow) -> Option<Credential> {
    let read = serde_json::from_slice(&passkey.secret);
    read.inspect_err(|error| tracing::error!(passkey = passkey.id, %error, "A passkey cannot be read")).ok()
}

/// Returns the passkeys that fit, as the browser's options list them.
fn known(passkeys: &[store::PasskeyRow], fits: impl Fn(&Credential) -> bool) -> Vec<Known> {
    passkeys
        .iter()
        .filter_map(|passkey| Some((passkey, credential(passkey).filter(&fits)?)))
        .map(|(passkey, credential)| Known { id: passkey.handle.clone(), transports: credential.transports })
        .collect()
}
