//! A new password.

use super::{
    super::{password, store},
    login::login_key,
};
use crate::{
    activity::{self, Kind},
    error::AppError,
    forms::{Field, FormErrors, Secret},
    member::{Client, UserId},
    server::Site,
};

/// Sets a password from the command line and ends all sessions. The account's username; `None`: no such account.
///
/// # Errors
/// A refused password, or an outage.
pub async fn change_password(
    site: &Site,
    login: &str,
    password: &Secret,
) -> Result<Option<String>, AppError> {
    let key = login_key(login).unwrap_or_default();
    let mut connection = site.db.read().await?;
    let Some(user) = store::find_for_login(&mut connection, &key).await? else {
        return Ok(None);
    };
    let Some(profile) = store::profile(&mut connection, UserId(user.id)).await? else {
        return Ok(None);
    };
    drop(connection);
    let owner = password::Owner {
        username: &user.username,
        first_name: &profile.first_name,
        last_name: &profile.last_name,
        email: &user.email,
    };
    let mut errors = FormErrors::default();
    for problem in password::problems(password.expose(), owner) {
        errors.add(Field::Password1, problem);
    }
    errors.into_result()?;
    let (id, now) = (UserId(user.id), site.clock.now());
    let hash = site.hasher.hash(password).await?;
    let mut transaction = site.db.begin().await?;
    store::set_password(&mut transaction, id, &hash, &rand::random::<[u8; 32]>()).await?;
    activity::service::record(&mut transaction, now, id, Kind::PasswordChanged, "", &Client::default())
        .await?;
    transaction.commit().await?;
    site.sessions.end_all(id, None).await?;
    site.members.take_back(id);
    site.cache.invalidate_member(id, "password changed");
    Ok(Some(user.username))
}
