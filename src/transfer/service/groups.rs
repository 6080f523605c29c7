//! The importer's part for groups.

use super::super::{
    import_row::IncomingGroup,
    store::groups,
    valid_user::{Rejection, Warning},
};
use super::{
    digests::digest,
    importer::{Importer, Label},
};
use crate::{
    audit::service::{Actor, Object, record},
    base::id::new_id,
    people::{group_name, is_codename},
    shared::error::AppError,
};

/// A validated group.
struct Group {
    name: String,
    key: String,
    permissions: Vec<String>,
}

impl Group {
    /// Hashes the name and the permissions.
    fn digests(&self) -> Vec<u8> {
        [digest(&self.name), digest(&self.permissions.join(", "))].concat()
    }
}

impl Importer {
    pub(super) async fn take_group(&mut self, incoming: IncomingGroup) -> Result<(), AppError> {
        let IncomingGroup { key: source_key, name, mut permissions, mut notes } = incoming;
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
        let Some((name, key)) = group_name(&name) else {
            self.refuse(label, &Rejection::Value("name"));
            return Ok(());
        };
        self.report_unknown(&permissions);
        let group = Group { name, key, permissions };
        let known = groups::known(&mut self.transaction, &self.source, &label.key).await?;
        match known.map(|known| (known.group_id, known.digests)) {
            Some((None, _)) => self.refuse(label, &Rejection::Deleted),
            Some((Some(id), before)) => {
                let key = group.key.clone();
                self.change_group(label, id, group, &before, notes).await?;
                // Accounts refer to the group by its name in the source, whatever it is called here
                // by now.
                self.groups.entry(key).or_insert(id);
            }
            None => match self.groups.get(&group.key).copied() {
                Some(id) => {
                    // In our own format the same name means the same group, which is reported only
                    // if its permissions differ.
                    if !self.source.is_empty()
                        || groups::permissions(&mut self.transaction, id).await? != group.permissions
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

    async fn add_group(&mut self, label: &Label, group: &Group) -> Result<(), AppError> {
        let id = new_id(self.now);
        let transaction = &mut self.transaction;
        groups::insert(transaction, id, &group.name, &group.key).await?;
        groups::set_permissions(transaction, id, &group.permissions).await?;
        let from = if self.source.is_empty() { "a file" } else { &self.source };
        let object = Object::Group(id, &group.name);
        record(transaction, self.now, Actor::Operator, object, &[("imported", "", from)]).await?;
        self.groups.insert(group.key.clone(), id);
        self.report.totals.groups.taken += 1;
        self.remember(label, id, group).await
    }

    async fn remember(&mut self, label: &Label, id: i64, group: &Group) -> Result<(), AppError> {
        if self.source.is_empty() {
            return Ok(());
        }
        Ok(groups::remember(&mut self.transaction, &self.source, &label.key, id, &group.digests()).await?)
    }

    /// Takes over what has changed in the source and not here, as with accounts.
    async fn change_group(
        &mut self,
        label: Label,
        id: i64,
        group: Group,
        before: &[u8],
        mut notes: Vec<Warning>,
    ) -> Result<(), AppError> {
        let there = group.digests();
        if there == before {
            self.report.totals.groups.unchanged += 1;
            return Ok(());
        }
        let transaction = &mut self.transaction;
        let here = Group {
            name: groups::name(transaction, id).await?,
            key: String::new(),
            permissions: groups::permissions(transaction, id).await?,
        };
        let (before_name, before_permissions) = before.split_at_checked(before.len() / 2).unwrap_or_default();
        let (mut name, mut changes) = (here.name.clone(), Vec::new());
        if digest(&group.name) != before_name && group.name != here.name {
            let is_free = self.groups.get(&group.key).is_none_or(|other| *other == id);
            if digest(&here.name) == before_name && is_free {
                groups::rename(transaction, id, &group.name, &group.key).await?;
                self.groups.retain(|_, other| *other != id);
                self.groups.insert(group.key.clone(), id);
                changes.push(("name", here.name.clone(), group.name.clone()));
                name.clone_from(&group.name);
            } else {
                notes.push(Warning::Kept("name"));
            }
        }
        let (old, new) = (here.permissions.join(", "), group.permissions.join(", "));
        if digest(&new) != before_permissions && new != old {
            if digest(&old) == before_permissions {
                groups::set_permissions(transaction, id, &group.permissions).await?;
                changes.push(("permissions", old, new));
            } else {
                notes.push(Warning::Kept("permissions"));
            }
        }
        let lines: Vec<_> =
            changes.iter().map(|(what, old, new)| (*what, old.as_str(), new.as_str())).collect();
        record(transaction, self.now, Actor::Operator, Object::Group(id, &name), &lines).await?;
        let tally = &mut self.report.totals.groups;
        *(if changes.is_empty() { &mut tally.unchanged } else { &mut tally.changed }) += 1;
        self.remember(&label, id, &group).await?;
        self.note(&label, &notes);
        Ok(())
    }
}
