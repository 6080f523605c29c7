//! The changes to users.

use super::super::store::user::{self, NewColumns, UserRow};
use crate::{
    accounts::{
        service as accounts,
        service::{
            factors,
            tokens::{self, Change},
        },
    },
    activity::ActivityKind,
    admin::edit::{Edit, ids},
    audit::service::{self as audit, Object},
    base::{email_address, member::UserId},
    mail::{service as mail, service::MailKind},
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
    site::RequestContext,
};

/// Each function takes users by id and name, leaves out those whom it would not change, and returns
/// how many it changed. Its error is [`AppError::Unavailable`] when the database cannot be used.
impl Edit<'_> {
    /// Activates or deactivates users. Deactivating ends their sessions, and fails with
    /// [`AppError::Invalid`] if no superuser would be left.
    pub async fn set_active(&mut self, users: &[(UserId, &str)], is_active: bool) -> Result<usize, AppError> {
        if !is_active {
            self.keep_a_superuser(users).await?;
        }
        let stamp = rand::random::<[u8; 32]>();
        let changed = user::set_active(&mut self.transaction, &ids(users), is_active, &stamp).await?;
        let users = only(users, &changed);
        if !is_active {
            self.end_sessions(&changed).await?;
        }
        let (old, new, done) =
            if is_active { ("no", "yes", "activated") } else { ("yes", "no", "deactivated") };
        self.record_many(&users, ("active", old, new)).await?;
        self.tell(&users, ActivityKind::ChangedByStaff, done).await?;
        Ok(users.len())
    }

    /// Adds users to a group.
    pub async fn join(&mut self, users: &[(UserId, &str)], group: (i64, &str)) -> Result<usize, AppError> {
        let (id, name) = group;
        let users = only(users, &user::join(&mut self.transaction, &ids(users), id).await?);
        self.record_many(&users, ("group", "", name)).await?;
        self.tell(&users, ActivityKind::ChangedByStaff, &format!("joined the group {name}")).await?;
        Ok(users.len())
    }

    /// Removes users from a group.
    pub async fn leave(&mut self, users: &[(UserId, &str)], group: (i64, &str)) -> Result<usize, AppError> {
        let (id, name) = group;
        let users = only(users, &user::leave(&mut self.transaction, &ids(users), id).await?);
        self.record_many(&users, ("group", name, "")).await?;
        self.tell(&users, ActivityKind::ChangedByStaff, &format!("left the group {name}")).await?;
        Ok(users.len())
    }

    /// Logs users out everywhere.
    pub async fn log_out(&mut self, users: &[(UserId, &str)]) -> Result<usize, AppError> {
        let users = only(users, &self.end_sessions(&ids(users)).await?);
        self.record_many(&users, ("logged out everywhere", "", "")).await?;
        self.tell(&users, ActivityKind::DevicesEnded, "All devices, by staff").await?;
        Ok(users.len())
    }

    /// Deletes users and all their data. Fails with [`AppError::Invalid`] if no superuser would be
    /// left.
    pub async fn delete(&mut self, users: &[(UserId, &str)]) -> Result<usize, AppError> {
        self.keep_a_superuser(users).await?;
        let ids = ids(users);
        self.end_sessions(&ids).await?;
        let deleted = user::delete(&mut self.transaction, &ids).await?;
        audit::forget_users(&mut self.transaction, &ids).await?;
        self.touch(ids);
        Ok(deleted)
    }

    /// Changes an account's names, address and flags. Nobody is mailed about it, but the links and
    /// queued mails for an old address are revoked. Fails with [`AppError::Invalid`] if the account
    /// has changed since `old` was read, or if no superuser would be left.
    pub async fn change_user(&mut self, old: &UserRow, new: &NewColumns) -> Result<bool, AppError> {
        let (id, user) = (UserId(old.id), [(UserId(old.id), new.username.as_str())]);
        if old.is_superuser == 1 && !(new.is_superuser && new.is_active) {
            self.keep_a_superuser(&user).await?;
        }
        let changes = changes(old, new);
        if !changes.is_empty() {
            if !user::update(&mut self.transaction, id, old.version, new).await? {
                return Err(AppError::invalid(Field::Form, Problem::ChangedMeanwhile));
            }
            let lines: Vec<_> =
                changes.iter().map(|(what, old, new)| (*what, old.as_str(), new.as_str())).collect();
            self.record(Object::User(id, &new.username), &lines).await?;
            let what: Vec<&str> = changes.iter().map(|(what, ..)| *what).collect();
            self.tell(&user, ActivityKind::ChangedByStaff, &what.join(", ")).await?;
            if email_address::key(&old.email) != email_address::key(&new.email) {
                let operator = RequestContext::of_operator(&self.site);
                tokens::revoke(&mut self.transaction, &operator, id, Change::AddressByStaff).await?;
                mail::forget_elsewhere(&mut self.transaction, id, &new.email).await?;
            }
        }
        let turns = (old.is_active == 1) != new.is_active;
        let turned = turns && self.set_active(&user, new.is_active).await? > 0;
        Ok(turned || !changes.is_empty())
    }

    /// Replaces an account's password and ends its sessions. `done` is for the audit log; `notice`
    /// is the mail to the owner, if there is to be one.
    pub async fn set_password(
        &mut self,
        user: (UserId, &str),
        hash: &str,
        done: &str,
        notice: Option<MailKind>,
    ) -> Result<(), AppError> {
        let (id, name) = user;
        // Otherwise a queued mail would still be sent, and its link would restore access.
        mail::forget(&mut self.transaction, id, MailKind::ResetPassword).await?;
        self.record(Object::User(id, name), &[("password", "", done)]).await?;
        let (operator, kind) = (RequestContext::of_operator(&self.site), ActivityKind::PasswordSetByStaff);
        let ended = accounts::put_password(&mut self.transaction, &operator, id, hash, kind, notice).await?;
        self.ended.extend(ended.into_iter().map(|session| (id, session)));
        self.touch([id]);
        Ok(())
    }

    /// Removes an account's second factor, ends its sessions, and mails its owner. Returns false
    /// when there was none.
    pub async fn reset_second_factor(
        &mut self,
        user: (UserId, &str),
        reason: &str,
    ) -> Result<bool, AppError> {
        let operator = RequestContext::of_operator(&self.site);
        if !factors::reset(&mut self.transaction, &operator, user.0).await? {
            return Ok(false);
        }
        self.end_sessions(&[user.0]).await?;
        self.record(Object::User(user.0, user.1), &[("second factor", "on", "off"), ("reason", "", reason)])
            .await?;
        self.tell(&[user], ActivityKind::SecondFactorRemoved, "by staff").await?;
        Ok(true)
    }

    /// Ends the users' sessions and forgets their known browsers. Returns the users who had
    /// sessions, each as often.
    async fn end_sessions(&mut self, users: &[UserId]) -> Result<Vec<UserId>, AppError> {
        let operator = RequestContext::of_operator(&self.site);
        tokens::revoke_logged_out(&mut self.transaction, &operator, users).await?;
        self.touch(users.iter().copied());
        let ended = self.site.sessions.end_in(&mut self.transaction, users).await?;
        self.ended.extend(&ended);
        Ok(ended.into_iter().map(|(user, _)| user).collect())
    }

    async fn keep_a_superuser(&mut self, users: &[(UserId, &str)]) -> Result<(), AppError> {
        match accounts::are_last_superusers(&mut self.transaction, &ids(users)).await? {
            true => Err(AppError::invalid(Field::Form, Problem::LastSuperuser)),
            false => Ok(()),
        }
    }
}

fn only<'a>(users: &[(UserId, &'a str)], changed: &[UserId]) -> Vec<(UserId, &'a str)> {
    users.iter().copied().filter(|(id, _)| changed.contains(id)).collect()
}

/// Returns the changes, each as name, old and new value. The flag `active` has an operation of its
/// own.
fn changes(old: &UserRow, new: &NewColumns) -> Vec<(&'static str, String, String)> {
    let yes_or_no = |value: bool| if value { "yes" } else { "no" }.to_owned();
    let flag = |what, old: bool, new: bool| (what, yes_or_no(old), yes_or_no(new));
    let text = |what, old: &str, new: &str| (what, old.to_owned(), new.to_owned());
    [
        text("username", &old.username, &new.username),
        text("first name", &old.first_name, &new.first_name),
        text("last name", &old.last_name, &new.last_name),
        text("email address", &old.email, &new.email),
        flag("email address confirmed", old.email_verified_at.is_some(), new.email_verified_at.is_some()),
        flag("staff", old.is_staff == 1, new.is_staff),
        flag("superuser", old.is_superuser == 1, new.is_superuser),
    ]
    .into_iter()
    .filter(|(_, old, new)| old != new)
    .collect()
}
