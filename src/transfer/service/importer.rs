//! Writes batches to the database in one transaction, so that nothing is visible before the end.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::super::{
    import_row::{Batch, ImportRow},
    report::{Report, Row},
    store::{
        groups,
        imports::{self, KnownRow, Taken},
        people::{self, Numbered},
        rights,
    },
    valid_user::{self, Rejection, ValidUser, Warning},
};
use super::digests::Digests;
use crate::{
    accounts::service::list_costs,
    audit::service::{Actor, record_many},
    auth::hasher,
    base::{
        clock::{Clock, Millis},
        db::Transaction,
        id::new_id,
        member::UserId,
    },
    people::group_name,
    shared::error::AppError,
    site::AppState,
};

/// An import in progress. Dropping it rolls back.
pub struct Importer {
    pub(super) transaction: Transaction,
    /// Empty if the source of the rows is not recorded.
    pub(super) source: String,
    pub(super) now: Millis,
    /// Ids of groups by the keys of their names.
    pub(super) groups: HashMap<String, i64>,
    /// The permissions met so far that this program does not know.
    pub(super) unknown_permissions: HashSet<String>,
    /// The hashing costs of the imported passwords.
    password_costs: BTreeSet<String>,
    clock: Clock,
    pub(super) report: Report,
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
    pub async fn begin(site: &AppState, source: &str, report: Report) -> Result<Self, AppError> {
        let mut transaction = site.db.begin().await?;
        let groups = groups::all(&mut transaction).await?;
        Ok(Self {
            transaction,
            source: source.to_owned(),
            now: site.clock.now(),
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
    pub async fn finish(mut self, dry_run: bool) -> Result<Report, AppError> {
        if dry_run {
            self.transaction.rollback().await?;
        } else {
            list_costs(&mut self.transaction, &self.password_costs, self.clock.now()).await?;
            self.transaction.commit().await?;
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
        self.report.tell(&Row { kind, key: key.clone(), name: name.clone(), is_refused, reason });
    }

    async fn take_users(&mut self, users: Vec<ImportRow>) -> Result<(), AppError> {
        let candidates = self.candidates(users);
        if self.source.is_empty() {
            return self.add(candidates).await;
        }
        let keys: Vec<&str> = candidates.iter().map(|candidate| candidate.label.key.as_str()).collect();
        let known = imports::known(&mut self.transaction, &self.source, &keys).await?;
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
            match group_name(&name).filter(|(_, key)| self.groups.contains_key(key)) {
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
        let mut taken = people::usernames_taken(&mut self.transaction, &names).await?;
        let proven = new.iter().filter(|new| new.person.raw.email_verified_at.is_some());
        let emails: Vec<&str> = proven.map(|new| new.person.email_key.as_str()).collect();
        let mut proven = people::emails_proven(&mut self.transaction, &emails).await?;
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
            rows.push(Numbered { id: new_id(self.now), person });
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

    async fn write(&mut self, labels: &[Label], rows: &[Numbered]) -> Result<(), AppError> {
        let (transaction, source) = (&mut self.transaction, &self.source);
        people::insert(transaction, rows, self.now).await?;
        let (mut members, mut permissions, mut users) = (Vec::new(), Vec::new(), Vec::new());
        for Numbered { id, person } in rows {
            members.extend(person.raw.groups.iter().filter_map(|key| Some((*self.groups.get(key)?, *id))));
            permissions.extend(person.raw.permissions.iter().map(|name| (*id, name.as_str())));
            users.push((UserId(*id), person.raw.username.as_str()));
        }
        rights::insert_members(transaction, &members).await?;
        rights::insert_permissions(transaction, &permissions).await?;
        let from = if source.is_empty() { "a file" } else { source };
        record_many(transaction, self.now, Actor::Operator, &users, ("imported", "", from)).await?;
        if source.is_empty() {
            return Ok(());
        }
        let taken: Vec<Taken<'_>> = labels
            .iter()
            .zip(rows)
            .map(|(label, row)| {
                let digests = Digests::of(&row.person.raw).bytes();
                Taken { key: &label.key, user: row.id, digests }
            })
            .collect();
        Ok(imports::insert(transaction, source, &taken).await?)
    }
}
