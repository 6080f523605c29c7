//! The importer's part for accounts imported before: takes over what has changed in the source
//! since, unless it was changed here too.

use std::collections::BTreeSet;

use super::super::{
    store::{imports, people, rights},
    valid_user::{RawUser, Rejection, ValidUser, Warning},
};
use super::{
    digests::{Column, Digests},
    groups::{beyond, texts},
    importer::{Importer, Label},
};
use crate::{
    accounts::service as accounts,
    admin::{
        edit::Holder,
        users::service::{NewColumns, Target},
    },
    audit::service::Object,
    base::{email_address, member::UserId, username},
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
        people::hold(&mut self.edit.transaction, user).await?;
        let target = match Target::find(&mut self.edit.transaction, UserId(user)).await {
            Err(AppError::NotFound) => {
                self.refuse(label, &Rejection::Deleted);
                return Ok(());
            }
            found => found?,
        };
        let present = self.as_found(&target).await?;
        let here = Digests::of(&present);
        let (mut apply, mut untaken) = (Vec::new(), Vec::new());
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
                untaken.push(column);
            } else {
                apply.push(column);
            }
        }
        let loses_power = |column: &Column| match column {
            Column::IsActive => !person.raw.is_active,
            Column::IsSuperuser => !person.raw.is_superuser,
            _ => false,
        };
        if apply.iter().any(loses_power)
            && accounts::are_last_superusers(&mut self.edit.transaction, &[UserId(user)]).await?
        {
            notes.push(Warning::LastSuperuser);
            untaken.extend(apply.extract_if(.., |column| loses_power(column)));
        }
        self.apply(&target, &present, &person, &apply).await?;
        // From here on the new values count as imported, so that a conflict is reported once; but
        // at the next import the username may be free, and another superuser be there.
        let taken = there.but_for(before, &untaken);
        imports::update(&mut self.edit.transaction, user, &taken).await?;
        let users = &mut self.report.totals.users;
        *(if apply.is_empty() { &mut users.unchanged } else { &mut users.changed }) += 1;
        self.note(&label, &notes);
        Ok(())
    }

    /// Returns the account as it is here, in the form of an imported one.
    async fn as_found(&mut self, Target { row, rights }: &Target) -> Result<RawUser, AppError> {
        Ok(RawUser {
            groups: rights::group_keys(&mut self.edit.transaction, row.id).await?,
            permissions: rights.own.iter().cloned().collect(),
            username: row.username.clone(),
            email: row.email.clone(),
            email_verified_at: row.email_verified_at,
            password: people::password_hash(&mut self.edit.transaction, row.id).await?,
            first_name: row.first_name.clone(),
            last_name: row.last_name.clone(),
            is_active: row.is_active == 1,
            is_staff: row.is_staff == 1,
            is_superuser: row.is_superuser == 1,
            date_joined: Some(row.date_joined),
            last_login: row.last_login,
            delete_after: None,
            time_zone: None,
        })
    }

    async fn is_taken(&mut self, present: &RawUser, person: &ValidUser) -> Result<bool, AppError> {
        let key = person.username_key.as_str();
        Ok(username::key(&present.username) != key
            && !people::usernames_taken(&mut self.edit.transaction, &[key]).await?.is_empty())
    }

    /// Takes these columns over, as staff would change them, but without mails to the owner.
    async fn apply(
        &mut self,
        target: &Target,
        present: &RawUser,
        person: &ValidUser,
        columns: &[Column],
    ) -> Result<(), AppError> {
        let (mut row, new) = (present.clone(), &person.raw);
        columns.iter().for_each(|column| take_over(*column, &mut row, new));
        let wanted = NewColumns {
            username: row.username,
            first_name: row.first_name,
            last_name: row.last_name,
            email: row.email,
            email_verified_at: row.email_verified_at,
            is_active: row.is_active,
            is_staff: row.is_staff,
            is_superuser: row.is_superuser,
        };
        self.edit.change_user(&target.row, &wanted).await?;
        let user = (UserId(target.row.id), wanted.username.as_str());
        if columns.contains(&Column::Password) {
            let done = if person.has_password { "set" } else { "switched off" };
            self.edit.set_password(user, &row.password, done, None).await?;
        }
        if columns.contains(&Column::LastLogin) {
            people::set_last_login(&mut self.edit.transaction, user.0.0, row.last_login).await?;
            let [old, new] = [present, new].map(|raw| Column::LastLogin.text(raw));
            self.edit.record(Object::User(user.0, user.1), &[("last login", &old, &new)]).await?;
            self.edit.touch([user.0]);
        }
        let [old, new] = [&present.groups, &row.groups].map(|keys| {
            let groups = keys.iter().filter_map(|key| self.groups.get(key));
            groups.map(|(id, name)| (*id, name.as_str())).collect::<BTreeSet<_>>()
        });
        for group in new.difference(&old) {
            self.edit.join(&[user], *group).await?;
        }
        for group in old.difference(&new) {
            self.edit.leave(&[user], *group).await?;
        }
        let (old, new) = (texts(&present.permissions), texts(&row.permissions));
        let (granted, revoked) = (beyond(&new, &old), beyond(&old, &new));
        self.edit.set_permissions(Holder::User(user.0, user.1), &granted, &revoked).await.map(drop)
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
