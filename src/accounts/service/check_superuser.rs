//! Checks of a new superuser's name and address on the command line, as soon as they are typed.

use super::{super::store, create_by_staff::is_proven_elsewhere};
use crate::{
    base::{email_address, username},
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Problem},
    },
    site::AppState,
};

/// Checks a superuser's username as soon as it is typed.
///
/// # Errors
/// [`AppError::Invalid`] with what is wrong with it; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn check_username(site: &AppState, typed: &str) -> Result<(), AppError> {
    let (username, mut errors) = (username::normalize(typed), FormErrors::default());
    for problem in username::problems(&username) {
        errors.add(Field::Username, problem);
    }
    let key = username::key(&username);
    if errors.is_empty() && store::account_with(&mut *site.db.read().await?, &key).await?.is_some() {
        errors.add(Field::Username, Problem::UsernameTaken);
    }
    errors.into_result()
}

/// Checks a superuser's address as soon as it is typed.
///
/// # Errors
/// [`AppError::Invalid`] with what is wrong with it; [`AppError::Unavailable`] when the database
/// cannot be used.
pub async fn check_email(site: &AppState, typed: &str) -> Result<(), AppError> {
    let refused = |problem| AppError::invalid(Field::Email, problem);
    let email = email_address::check(typed).map_err(refused)?;
    match is_proven_elsewhere(&mut *site.db.read().await?, &email).await? {
        true => Err(refused(Problem::EmailTaken)),
        false => Ok(()),
    }
}
