//! Demo members, for development.

use super::super::store;
use crate::{
    base::{
        clock::Millis,
        db::Transaction,
        id::new_id,
        member::{Member, UserId},
    },
    shared::error::AppError,
};

/// A demo member for `members-area demo`. All share one hash, because hashing takes time.
#[derive(Clone, Copy, Default)]
pub struct DemoMember<'a> {
    /// The member's number.
    pub number: u64,
    /// The first name.
    pub first_name: &'a str,
    /// The last name.
    pub last_name: &'a str,
    /// When they signed up.
    pub joined: Millis,
    /// When they confirmed their address, if they did.
    pub confirmed: Option<Millis>,
    /// Their last login, if there was one.
    pub last_login: Option<Millis>,
    /// The shared hash.
    pub password_hash: &'a str,
}

/// Inserts those demo members who are not there. Returns the account of each, and whether it is
/// new.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn add_demo_members(
    transaction: &mut Transaction,
    members: &[DemoMember<'_>],
) -> Result<Vec<(Member, bool)>, AppError> {
    let names: Vec<String> = members.iter().map(|demo| format!("demo{:06}", demo.number)).collect();
    let mut there = store::demo::find(transaction, &names).await?;
    let emails: Vec<String> = names.iter().map(|name| format!("{name}@example.com")).collect();
    let (mut new, mut accounts) = (Vec::new(), Vec::with_capacity(members.len()));
    for (demo, (name, email)) in members.iter().zip(names.iter().zip(&emails)) {
        if let Some(row) = there.remove(name) {
            accounts.push((Member::new(UserId(row.id), row.username, row.session_stamp), false));
            continue;
        }
        let user = store::NewUser {
            id: new_id(demo.joined),
            username: name,
            username_key: name,
            email,
            email_key: email,
            email_verified_at: demo.confirmed,
            first_name: demo.first_name,
            last_name: demo.last_name,
            password_hash: demo.password_hash,
            password_changed_at: Some(demo.joined),
            session_stamp: rand::random(),
            date_joined: demo.joined,
            last_login: demo.last_login,
            ..Default::default()
        };
        accounts.push((Member::new(UserId(user.id), name.clone(), user.session_stamp.to_vec()), true));
        new.push(user);
    }
    store::insert(transaction, &new).await?;
    Ok(accounts)
}
