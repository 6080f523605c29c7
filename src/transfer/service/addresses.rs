//! The importer's part for confirmed email addresses.

use std::collections::HashMap;

use super::super::{
    import_row::{IncomingAddress, RowOwner},
    store::{imports, people},
    valid_user::Warning,
};
use super::importer::{Importer, Label};
use crate::{
    base::{email_address, member::UserId, username},
    shared::error::AppError,
};

impl Importer {
    /// Confirms addresses that the source has confirmed, for imported accounts that have that very
    /// address here.
    pub(super) async fn take_addresses(&mut self, addresses: Vec<IncomingAddress>) -> Result<(), AppError> {
        let (mut by_key, mut by_name) = (HashMap::new(), HashMap::new());
        for IncomingAddress { owner, email } in addresses {
            let (map, key): (&mut HashMap<String, Vec<String>>, _) = match owner {
                RowOwner::Key(key) => (&mut by_key, key),
                RowOwner::Name(name) => (&mut by_name, username::key(&name)),
            };
            map.entry(key).or_default().push(email_address::key(&email));
        }
        for (map, is_by_name) in [(by_key, false), (by_name, true)] {
            let keys: Vec<&str> = map.keys().map(String::as_str).collect();
            let owners = imports::owners(&mut self.edit.transaction, &self.source, &keys, is_by_name).await?;
            let mut owners: Vec<_> = owners
                .into_iter()
                .filter(|owner| owner.email_verified_at.is_none() && !owner.email_key.is_empty())
                .filter(|owner| map.get(&owner.key).is_some_and(|emails| emails.contains(&owner.email_key)))
                .collect();
            owners.sort_by_key(|owner| owner.id);
            let emails: Vec<&str> = owners.iter().map(|owner| owner.email_key.as_str()).collect();
            let mut proven = people::emails_proven(&mut self.edit.transaction, &emails).await?;
            let (mut ids, mut users) = (Vec::new(), Vec::new());
            for owner in &owners {
                if !proven.insert(owner.email_key.clone()) {
                    let (key, name) = (owner.key.clone(), owner.username.clone());
                    self.note(&Label { kind: "user", key, name }, &[Warning::ProvenElsewhere]);
                    continue;
                }
                ids.push(owner.id);
                users.push((UserId(owner.id), owner.username.as_str()));
            }
            people::confirm(&mut self.edit.transaction, &ids, self.edit.now).await?;
            self.edit.record_many(&users, ("email address confirmed", "no", "yes")).await?;
            self.edit.touch(users.iter().map(|(id, _)| *id));
            self.report.totals.addresses_confirmed += ids.len() as u64;
        }
        Ok(())
    }
}
