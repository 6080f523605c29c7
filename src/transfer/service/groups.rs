//! The importer's part for groups.

use super::super::{
    import_row::IncomingGroup,
    store::groups as store,
    valid_user::{Rejection, Warning},
};
use super::{
    digests::digest,
    importer::{Importer, Label},
};
use crate::{
    admin::{
        edit::Holder,
        groups::service::{self as groups, group_name},
    },
    shared::{error::AppError, permission::is_codename},
};

/// A validated group.
struct Group {
    name: String,
    key: String,
    permissions: Vec<String>,
    /// Applied to a new group only: an operator here may have decided otherwise.
    requires_second_factor: bool,
}

impl Group {
    /// Hashes the name and the permissions.
    fn digests(&self) -> Vec<u8> {
        [digest(&self.name), digest(&self.permissions.join(", "))].concat()
    }
}

impl Importer {
    pub(super) async fn take_group(&mut self, incoming: IncomingGroup) -> Result<(), AppError> {
        let IncomingGroup { key: source_key, name, mut permissions, requires_second_factor, mut notes } =
            incoming;
        let label = Label { kind: "group", key: source_key, name: name.clone() };
        permissions.sort();
        permissions.dedup();
        permissions.retain(|name| {
            let is_good = is_codename(name);
            if !is_good {
                notes.push(Warning::Permission(name.clone()));
            }
            is_good
        });
        let Ok((name, key)) = group_name(&name) else {
            self.refuse(label, &Rejection::Value("name"));
            return Ok(());
        };
        self.report_unknown(&permissions);
        let group = Group { name, key, permissions, requires_second_factor };
        let known = store::known(&mut self.edit.transaction, &self.source, &label.key).await?;
        match known.map(|known| (known.group_id, known.digests)) {
            Some((None, _)) => self.refuse(label, &Rejection::Deleted),
            Some((Some(id), before)) => {
                let key = group.key.clone();
                let name = self.change_group(label, id, group, &before, notes).await?;
                // Accounts refer to the group by its name in the source, whatever it is called here
                // by now.
                self.groups.entry(key).or_insert((id, name));
            }
            None => match self.groups.get(&group.key).map(|(id, _)| *id) {
                Some(id) => {
                    // In our own format the same name means the same group, which is reported only
                    // if its permissions differ.
                    if !self.source.is_empty()
                        || self.here(id).await?.permissions.iter().ne(&group.permissions)
                    {
                        notes.push(Warning::GroupWasHere);
                    }
                    self.report.totals.groups.unchanged += 1;
                    self.remember(&label, id, &group).await?;
                    self.note(&label, &notes);
                }
                None => {
                    self.add_group(&label, &group).await?;
                    self.note(&label, &notes);
                }
            },
        }
        Ok(())
    }

    /// Returns a group as it is here.
    async fn here(&mut self, id: i64) -> Result<groups::Group, AppError> {
        groups::find(&mut self.edit.transaction, id).await?.ok_or(AppError::NotFound)
    }

    async fn add_group(&mut self, label: &Label, group: &Group) -> Result<(), AppError> {
        let from = if self.source.is_empty() { "a file" } else { &self.source };
        let name = (group.name.clone(), group.key.clone());
        let id = self.edit.add_group(&name, ("imported", "", from)).await?;
        self.edit.require_second_factor((id, &name.0), group.requires_second_factor).await?;
        let permissions = texts(&group.permissions);
        self.edit.set_permissions(Holder::Group(id, &name.0), &permissions, &[]).await?;
        self.groups.insert(name.1, (id, name.0));
        self.report.totals.groups.taken += 1;
        self.remember(label, id, group).await
    }

    async fn remember(&mut self, label: &Label, id: i64, group: &Group) -> Result<(), AppError> {
        if self.source.is_empty() {
            return Ok(());
        }
        Ok(store::remember(&mut self.edit.transaction, &self.source, &label.key, id, &group.digests())
            .await?)
    }

    /// Takes over what has changed in the source and not here, as with accounts. Returns the name
    /// that the group has then.
    async fn change_group(
        &mut self,
        label: Label,
        id: i64,
        group: Group,
        before: &[u8],
        mut notes: Vec<Warning>,
    ) -> Result<String, AppError> {
        let here = self.here(id).await?;
        let (mut name, mut is_changed) = (here.name.clone(), false);
        if group.digests() == before {
            self.report.totals.groups.unchanged += 1;
            return Ok(name);
        }
        let (before_name, before_permissions) = before.split_at_checked(before.len() / 2).unwrap_or_default();
        if digest(&group.name) != before_name && group.name != here.name {
            let is_free = self.groups.get(&group.key).is_none_or(|(other, _)| *other == id);
            if digest(&here.name) == before_name && is_free {
                name.clone_from(&group.name);
                self.edit.rename_group(&here, &(name.clone(), group.key.clone())).await?;
                self.groups.retain(|_, (other, _)| *other != id);
                self.groups.insert(group.key.clone(), (id, name.clone()));
                is_changed = true;
            } else {
                notes.push(Warning::Kept("name"));
            }
        }
        let old = texts(&here.permissions);
        let new = texts(&group.permissions);
        if digest(&new.join(", ")) != before_permissions && new != old {
            if digest(&old.join(", ")) == before_permissions {
                let (granted, revoked) = (beyond(&new, &old), beyond(&old, &new));
                is_changed |= self.edit.set_permissions(Holder::Group(id, &name), &granted, &revoked).await?;
            } else {
                notes.push(Warning::Kept("permissions"));
            }
        }
        let tally = &mut self.report.totals.groups;
        *(if is_changed { &mut tally.changed } else { &mut tally.unchanged }) += 1;
        self.remember(&label, id, &group).await?;
        self.note(&label, &notes);
        Ok(name)
    }
}

/// Returns those of these texts that are not among the others.
pub(super) fn beyond<'a>(these: &[&'a str], others: &[&str]) -> Vec<&'a str> {
    these.iter().copied().filter(|one| !others.contains(one)).collect()
}

pub(super) fn texts<'a>(all: impl IntoIterator<Item = &'a String>) -> Vec<&'a str> {
    all.into_iter().map(String::as_str).collect()
}
