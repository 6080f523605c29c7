//! What the commands on users and groups share.

use crate::{
    admin::{
        edit::Edit,
        groups::service::{self as groups, Group},
        users::service::{self as users, UserRow},
    },
    audit::service::Actor,
    base::{failure::Failure, member::UserId},
    shared::{error::AppError, forms::Problem},
    site::AppState,
};

/// Returns the account with this username or email address.
pub(super) async fn find(site: &AppState, typed: &str) -> Result<UserRow, Failure> {
    let mut found = users::by_name(site, typed).await.map_err(refused)?;
    match (found.pop(), found.is_empty()) {
        (Some(user), true) => Ok(user),
        (Some(_), false) => {
            Err(Failure::message(format!("several accounts have the address '{typed}': give the username")))
        }
        (None, _) => Err(Failure::message(format!("there is no user '{typed}'"))),
    }
}

/// Returns the user as the changes of users take them.
pub(super) fn named(user: &UserRow) -> (UserId, &str) {
    (UserId(user.id), &user.username)
}

/// Returns the group with this name.
pub(super) async fn find_group(site: &AppState, typed: &str) -> Result<Group, Failure> {
    let found = async { groups::by_name(&mut *site.db.read().await?, typed).await };
    let none = || Failure::message(format!("there is no group '{typed}'"));
    found.await.map_err(refused)?.ok_or_else(none)
}

/// Makes a change in a transaction of its own.
pub(super) async fn change<T>(
    site: &AppState,
    operation: impl AsyncFnOnce(&mut Edit<'static>) -> Result<T, AppError>,
) -> Result<T, Failure> {
    let done = async {
        let mut edit = Edit::begin(site, Actor::Operator).await?;
        let done = operation(&mut edit).await?;
        edit.commit().await.map(|()| done)
    };
    done.await.map_err(refused)
}

/// Says why nothing was changed.
pub(super) fn refused(error: AppError) -> Failure {
    match &error {
        AppError::Invalid(errors) => match errors.first() {
            Some(Problem::LastSuperuser) => Failure::message(
                "this is the only superuser: make another one first, with `members-area createsuperuser`",
            ),
            Some(problem) => Failure::message(problem.to_string()),
            None => Failure::message(error.to_string()),
        },
        error => Failure::message(error.to_string()),
    }
}
