//! Writes batches to the database in one transaction, so that nothing is visible before the end.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::{
    import_row::{Batch, ImportRow},
    report::{ReportRow, TransferReport},
    store::{
        groups,
        imports::{self, KnownRow, Taken},
        people, rights,
    },
    valid_user::{self, Rejection, ValidUser, Warning},
};
use super::digests::Digests;
use crate::{
    accounts::service::{self as accounts, NewUser, list_costs},
    admin::{edit::Edit, groups::service::group_name},
    audit::service::Actor,
    auth::hasher,
    base::{clock::Clock, id::new_id, member::UserId},
    shared::error::AppError,
    site::AppState,
};

/// An import in progress. Dropping it rolls back.
pub struct Importer {
    pub(super) edit: Edit<'static>,
    /// Empty if the source of the rows is not recorded.
    pub(super) source: String,
    /// Ids and names of groups by the keys of their names.
    pub(super) groups: HashMap<String, (i64, String)>,
    /// The permissions met so far that this program does not know.
    pub(super) unknown_permissions: HashSet<String>,
    /// The hashing costs of the imported passwords.
    password_costs: BTreeSet<String>,
    clock: Clock,
    pub(super) report: TransferReport,
}

/// Identifies a row in the report.
pub(super) struct Label {
    pub kind: &'static str,
    pub key: String,
    pub name: String,
}

/// An account that has passed validation.
struct Candidate {
    label: Label,
    person: ValidUser,
    notes: Vec<Warning>,
}

impl Importer {
    /// Begins an import.
    pub async fn begin(site: &AppState, source: &str, report: TransferReport) -> Result<Self, AppError> {
        let mut edit = Edit::begin(site, Actor::Operator).await?;
        let groups = groups::all(&mut edit.transaction).await?;
        Ok(Self {
            edit,
            source: source.to_owned(),
            groups,
            unknown_permissions: HashSet::new(),
            password_costs: BTreeSet::new(),
            clock: site.clock.clone(),
            report,
        })
    }

    /// Imports a batch.
    pub async fn take(&mut self, batch: Batch) -> Result<(), AppError> {
        match batch {
            Batch::Groups(groups) => {
                for group in groups {
                    self.take_group(group).await?;
                }
                Ok(())
            }
            Batch::Users(users) => self.take_users(users).await,
            Batch::Addresses(addresses) => self.take_addresses(addresses).await,
        }
    }

    /// Commits the import, or rolls it back for a dry run.
    pub async fn finish(mut self, dry_run: bool) -> Result<TransferReport, AppError> {
        if dry_run {
            self.edit.transaction.rollback().await?;
        } else {
            list_costs(&mut self.edit.transaction, &self.password_costs, self.clock.now()).await?;
            self.edit.commit().await?;
        }
        Ok(self.report)
    }

    pub(super) fn refuse(&mut self, label: Label, refusal: &Rejection) {
        let tally =
            if label.kind == "user" { &mut self.report.totals.users } else { &mut self.report.totals.groups };
        tally.refused += 1;
        self.tell(&label, true, refusal.to_string());
    }

    pub(super) fn note(&mut self, label: &Label, notes: &[Warning]) {
        for note in notes {
            self.tell(label, false, note.to_string());
        }
    }

    fn tell(&mut self, label: &Label, is_refused: bool, reason: String) {
        let Label { kind, key, name } = label;
        self.report.tell(&ReportRow { kind, key: key.clone(), name: name.clone(), is_refused, reason });
    }

    async fn take_users(&mut self, users: Vec<ImportRow>) -> Result<(), AppError> {
        let candidates = self.candidates(users);
        if self.source.is_empty() {
            return self.add(candidates).await;
        }
        let keys: Vec<&str> = candidates.iter().map(|candidate| candidate.label.key.as_str()).collect();
        let known = imports::known(&mut self.edit.transaction, &self.source, &keys).await?;
        let mut known: HashMap<String, KnownRow> =
            known.into_iter().map(|row| (row.source_key.clone(), row)).collect();
        let mut new = Vec::new();
        for candidate in candidates {
            match known.remove(&candidate.label.key) {
                None => new.push(candidate),
                Some(KnownRow { user_id: Some(user), digests, .. }) => {
                    let Candidate { label, person, notes } = candidate;
                    let before = Digests::stored(digests.unwrap_or_default());
                    self.change(label, user, person, &notes, &before).await?;
                }
                Some(KnownRow { user_id: None, .. }) => self.refuse(candidate.label, &Rejection::Deleted),
            }
        }
        self.add(new).await
    }

    /// Returns the valid accounts, each once.
    fn candidates(&mut self, users: Vec<ImportRow>) -> Vec<Candidate> {
        let (mut candidates, mut seen) = (Vec::with_capacity(users.len()), HashSet::new());
        for ImportRow { key, name, found, mut notes } in users {
            let label = Label { kind: "user", key, name };
            let is_twice = !label.key.is_empty() && !seen.insert(label.key.clone());
            let checked = if is_twice { Err(Rejection::Twice) } else { found.and_then(valid_user::check) };
            match checked {
                Err(refusal) => self.refuse(label, &refusal),
                Ok((mut person, more)) => {
                    notes.extend(more);
                    let cost = hasher::cost_of(&person.raw.password).map(|cost| cost.to_string());
                    self.password_costs.extend(cost);
                    self.know_groups(&mut person, &mut notes);
                    self.report_unknown(&person.raw.permissions);
                    candidates.push(Candidate { label, person, notes });
                }
            }
        }
        candidates
    }

    /// Replaces names of groups by their keys, leaving out unknown groups.
    fn know_groups(&self, person: &mut ValidUser, notes: &mut Vec<Warning>) {
        let mut keys: Vec<String> = Vec::with_capacity(person.raw.groups.len());
        for name in std::mem::take(&mut person.raw.groups) {
            match group_name(&name).ok().filter(|(_, key)| self.groups.contains_key(key)) {
                Some((_, key)) => keys.push(key),
                None => notes.push(Warning::Group(name)),
            }
        }
        keys.sort();
        keys.dedup();
        person.raw.groups = keys;
    }

    /// Adds accounts that were never imported before.
    async fn add(&mut self, new: Vec<Candidate>) -> Result<(), AppError> {
        let names: Vec<&str> = new.iter().map(|new| new.person.username_key.as_str()).collect();
        let mut taken = people::usernames_taken(&mut self.edit.transaction, &names).await?;
        let proven = new.iter().filter(|new| new.person.raw.email_verified_at.is_some());
        let emails: Vec<&str> = proven.map(|new| new.person.email_key.as_str()).collect();
        let mut proven = people::emails_proven(&mut self.edit.transaction, &emails).await?;
        let (mut labels, mut rows) = (Vec::new(), Vec::new());
        for Candidate { label, mut person, mut notes } in new {
            if !taken.insert(person.username_key.clone()) {
                self.met(label);
                continue;
            }
            if person.raw.email_verified_at.is_some() && !proven.insert(person.email_key.clone()) {
                person.raw.email_verified_at = None;
                notes.push(Warning::ProvenElsewhere);
            }
            self.count(&person, &notes);
            self.note(&label, &notes);
            labels.push(label);
            rows.push((new_id(self.edit.now), person));
        }
        self.write(&labels, &rows).await
    }

    /// Handles a username that exists here. In our own format it means the same person; from
    /// another site it may be anybody.
    fn met(&mut self, label: Label) {
        if self.source.is_empty() {
            self.report.totals.users.unchanged += 1;
        } else {
            self.refuse(label, &Rejection::Taken);
        }
    }

    fn count(&mut self, person: &ValidUser, notes: &[Warning]) {
        let passwords = &mut self.report.totals.passwords;
        self.report.totals.users.taken += 1;
        *match (person.has_password, notes.iter().any(|note| matches!(note, Warning::Password(_)))) {
            (true, _) => &mut passwords.kept,
            (false, true) => &mut passwords.to_be_reset,
            (false, false) => &mut passwords.unusable,
        } += 1;
    }

    /// Writes new accounts in bulk, not by the operations of [`Edit`] for one account: a million of
    /// them would take too long, and of a new account nothing has to be ended or invalidated.
    async fn write(&mut self, labels: &[Label], rows: &[(i64, ValidUser)]) -> Result<(), AppError> {
        let now = self.edit.now;
        let (mut new, mut users) = (Vec::new(), Vec::new());
        let (mut members, mut permissions) = (Vec::new(), Vec::new());
        for (id, ValidUser { raw, username_key, email_key, .. }) in rows {
            new.push(NewUser {
                id: *id,
                username: &raw.username,
                username_key,
                email: &raw.email,
                email_key,
                email_verified_at: raw.email_verified_at,
                first_name: &raw.first_name,
                last_name: &raw.last_name,
                password_hash: &raw.password,
                password_changed_at: None,
                session_stamp: rand::random(),
                is_inactive: !raw.is_active,
                is_staff: raw.is_staff,
                is_superuser: raw.is_superuser,
                date_joined: raw.date_joined.unwrap_or(now),
                last_login: raw.last_login,
                delete_after: raw.delete_after,
                time_zone: raw.time_zone.as_deref(),
            });
            users.push((UserId(*id), raw.username.as_str()));
            members.extend(raw.groups.iter().filter_map(|key| Some((self.groups.get(key)?.0, *id))));
            permissions.extend(raw.permissions.iter().map(|name| (*id, name.as_str())));
        }
        let transaction = &mut self.edit.transaction;
        accounts::insert(transaction, &new).await?;
        rights::insert_members(transaction, &members).await?;
        rights::insert_permissions(transaction, &permissions).await?;
        let from = if self.source.is_empty() { "a file" } else { &self.source };
        self.edit.record_many(&users, ("imported", "", from)).await?;
        if self.source.is_empty() {
            return Ok(());
        }
        let taken: Vec<Taken<'_>> = labels
            .iter()
            .zip(rows)
            .map(|(label, (user, person))| {
                let digests = Digests::of(&person.raw).bytes();
                Taken { key: &label.key, user: *user, digests }
            })
            .collect();
        Ok(imports::insert(&mut self.edit.transaction, &self.source, &taken).await?)
    }
}
