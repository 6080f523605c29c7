//! A button of the devices page that was pressed when the password was given too long ago. What it asks for is done as soon as the
//! password is given again: there is nothing to be read over, and to press the same button twice is no answer to anybody.

use std::collections::BTreeMap;

use server_fn::ServerFn;

use super::api::{
    EndAllSessions, EndOtherSessions, EndSession, end_all_sessions, end_other_sessions, end_session,
};
use crate::{
    error::AppError,
    forms::{ReturnedForm, Submission},
};

/// The field that says which session.
const SESSION: &str = "session";

/// Whether the form with this path is such a button.
pub fn is_one(form: &str) -> bool {
    [EndSession::PATH, EndOtherSessions::PATH, EndAllSessions::PATH].contains(&form)
}

/// What is kept of it.
pub fn values(mut typed: BTreeMap<String, String>) -> BTreeMap<String, String> {
    typed.retain(|name, _| name == SESSION);
    typed
}

/// Does what was pressed, in a server function. None: the form is no such button.
pub async fn carry_on(form: &ReturnedForm) -> Option<Result<Submission, AppError>> {
    Some(match form.form.as_str() {
        EndSession::PATH => end_session(form.values.get(SESSION).cloned().unwrap_or_default()).await,
        EndOtherSessions::PATH => end_other_sessions().await,
        EndAllSessions::PATH => end_all_sessions().await,
        _ => return None,
    })
}
