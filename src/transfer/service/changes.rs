//! The importer's part for accounts imported before: takes over what has changed in the source
//! since, unless it was changed here too.

use super::super::{
    store::{
        imports,
        people::{self, PresentRow},
        rights,
    },
    valid_user::{RawUser, Rejection, ValidUser, Warning},
};
use super::{
    digests::{Column, Digests},
    importer::{Importer, Label},
};
use crate::{
    accounts::service::tokens::{self, Change},
    audit::service::{Actor, Object, record},
    base::{email_address, member::UserId, username},
    mail,
    shared::error::AppError,
};

impl Importer {
    pub(super) async fn change(
        &mut self,
        label: Label,
        user: i64,
        person: ValidUser,
        notes: &[Warning],
        before: &Digests,
    ) -> Result<(), AppError> {
        let there = Digests::of(&person.raw);
        if !there.same_person(before) {
            self.refuse(label, &Rejection::SomebodyElse);
            return Ok(());
        }
        if there == *before {
            self.report.totals.users.unchanged += 1;
            return Ok(());
        }
        people::hold(&mut self.transaction, user).await?;
        let Some(row) = people::present(&mut self.transaction, user).await? else {
            self.refuse(label, &Rejection::Deleted);
            return Ok(());
        };
        let present = self.as_found(user, row).await?;
        let here = Digests::of(&present);
        let mut apply = Vec::new();
        let mut notes = notes.to_vec();
        for column in Column::ALL.into_iter().filter(|column| !there.agree(before, *column)) {
            let was_changed_here = !here.agree(before, column);
            if there.agree(&here, column) {
                continue;
            } else if column == Column::LastLogin && was_changed_here {
                // Both logins happened; keep the later one.
                if person.raw.last_login > present.last_login {
                    apply.push(column);
                }
            } else if was_changed_here {
                notes.push(Warning::Kept(column.name()));
            } else if column == Column::Username && self.is_taken(&present, &person).await? {
                notes.push(Warning::NewUsernameTaken);
            } else {
                apply.push(column);
            }
        }
        self.apply(user, &present, person.raw, &apply).await?;
        // From here on the new values count as imported, so that a conflict is reported once.
        let taken = match notes.contains(&Warning::NewUsernameTaken) {
            // The name may be free at the next import.
            true => there.but_for(before, Column::Username),
            false => there.bytes(),
        };
        imports::update(&mut self.transaction, user, &taken).await?;
        let users = &mut self.report.totals.users;
        *(if apply.is_empty() { &mut users.unchanged } else { &mut users.changed }) += 1;
        self.note(&label, &notes);
        Ok(())
    }

    /// Returns the account as it is here, in the form of an imported one.
    async fn as_found(&mut self, user: i64, row: PresentRow) -> Result<RawUser, AppError> {
        Ok(RawUser {
            groups: rights::group_keys(&mut self.transaction, user).await?,
            permissions: rights::permissions(&mut self.transaction, user).await?,
            username: row.username,
            email: row.email,
            email_verified_at: row.email_verified_at,
            password: row.password_hash,
            first_name: row.first_name,
            last_name: row.last_name,
            is_active: row.is_active == 1,
            is_staff: row.is_staff == 1,
            is_superuser: row.is_superuser == 1,
            date_joined: Some(row.date_joined),
            last_login: row.last_login,
            delete_after: None,
        })
    }

    async fn is_taken(&mut self, present: &RawUser, person: &ValidUser) -> Result<bool, AppError> {
        let key = person.username_key.as_str();
        Ok(username::key(&present.username) != key
            && !people::usernames_taken(&mut self.transaction, &[key]).await?.is_empty())
    }

    async fn apply(
        &mut self,
        user: i64,
        present: &RawUser,
        new: RawUser,
        columns: &[Column],
    ) -> Result<(), AppError> {
        if columns.is_empty() {
            return Ok(());
        }
        let mut row = present.clone();
        let mut changes = Vec::new();
        for column in columns {
            // Passwords are never recorded.
            let (old, new_text) = match column {
                Column::Password => Default::default(),
                other => (other.text(present), other.text(&new)),
            };
            changes.push((column.name(), old, new_text));
            take_over(*column, &mut row, &new);
        }
        let transaction = &mut self.transaction;
        if columns.contains(&Column::Groups) {
            let members: Vec<_> =
                row.groups.iter().filter_map(|key| Some((*self.groups.get(key)?, user))).collect();
            rights::clear_groups(transaction, user).await?;
            rights::insert_members(transaction, &members).await?;
        }
        if columns.contains(&Column::Permissions) {
            let permissions: Vec<_> = row.permissions.iter().map(|name| (user, name.as_str())).collect();
            rights::clear_permissions(transaction, user).await?;
            rights::insert_permissions(transaction, &permissions).await?;
        }
        people::update(transaction, user, &as_row(&row)).await?;
        let is_elsewhere = email_address::key(&row.email) != email_address::key(&present.email);
        // As with every such change: earlier links in mails must not work any more.
        if is_elsewhere {
            tokens::revoke(transaction, UserId(user), Change::AddressByStaff).await?;
            mail::service::forget_elsewhere(transaction, UserId(user), &row.email).await?;
        }
        if columns.contains(&Column::Password) {
            tokens::revoke(transaction, UserId(user), Change::Password).await?;
        }
        if columns.contains(&Column::Password) || (columns.contains(&Column::IsActive) && !row.is_active) {
            people::end_sessions(transaction, user).await?;
        }
        let object = Object::User(UserId(user), &present.username);
        let changes: Vec<_> =
            changes.iter().map(|(what, old, new)| (*what, old.as_str(), new.as_str())).collect();
        record(transaction, self.now, Actor::Operator, object, &changes).await
    }
}

fn take_over(column: Column, row: &mut RawUser, new: &RawUser) {
    match column {
        Column::Username => row.username.clone_from(&new.username),
        Column::Email => {
            // A new address must be confirmed again; the same one in other case need not.
            if email_address::key(&row.email) != email_address::key(&new.email) {
                row.email_verified_at = None;
            }
            row.email.clone_from(&new.email);
        }
        Column::Password => row.password.clone_from(&new.password),
        Column::FirstName => row.first_name.clone_from(&new.first_name),
        Column::LastName => row.last_name.clone_from(&new.last_name),
        Column::IsActive => row.is_active = new.is_active,
        Column::IsStaff => row.is_staff = new.is_staff,
        Column::IsSuperuser => row.is_superuser = new.is_superuser,
        Column::LastLogin => row.last_login = new.last_login,
        Column::Groups => row.groups.clone_from(&new.groups),
        Column::Permissions => row.permissions.clone_from(&new.permissions),
    }
}

fn as_row(raw: &RawUser) -> PresentRow {
    PresentRow {
        username: raw.username.clone(),
        email: raw.email.clone(),
        email_verified_at: raw.email_verified_at,
        password_hash: raw.password.clone(),
        first_name: raw.first_name.clone(),
        last_name: raw.last_name.clone(),
        is_active: i64::from(raw.is_active),
        is_staff: i64::from(raw.is_staff),
        is_superuser: i64::from(raw.is_superuser),
        date_joined: raw.date_joined.unwrap_or_default(),
        last_login: raw.last_login,
    }
}
