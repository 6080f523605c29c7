//! Demo members, for development.

use super::super::store;
use crate::{
    auth::login_name::LoginName,
    base::{
        clock::Millis,
        id::new_id,
        member::{Member, UserId},
    },
    shared::error::AppError,
    site::AppState,
};

/// A demo member for `members-area demo`. All share one hash, because hashing takes time.
pub struct DemoMember {
    /// The member's number.
    pub number: u64,
    /// The shared hash.
    pub password_hash: String,
}

/// Inserts demo members in one transaction and returns them. Existing ones stay unchanged.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn add_demo_members(site: &AppState, members: &[DemoMember]) -> Result<Vec<Member>, AppError> {
    let now: Millis = site.clock.now();
    let mut transaction = site.db.begin().await?;
    let mut added = Vec::with_capacity(members.len());
    for demo in members {
        let name = format!("demo{:06}", demo.number);
        let login = LoginName { username_key: name.clone(), email_key: name.clone() };
        if let Some(user) = store::find_for_login(&mut transaction, &login).await?.pop() {
            added.push(Member::new(UserId(user.id), user.username, user.session_stamp));
            continue;
        }
        let (id, stamp, email) = (new_id(now), rand::random::<[u8; 32]>(), format!("{name}@example.com"));
        let user = store::NewUser {
            id,
            username: &name,
            username_key: &name,
            email: &email,
            email_key: &email,
            email_verified_at: Some(now),
            password_hash: &demo.password_hash,
            session_stamp: stamp,
            date_joined: now,
            ..Default::default()
        };
        store::insert(&mut transaction, &[user]).await?;
        added.push(Member::new(UserId(id), name, stamp.to_vec()));
    }
    transaction.commit().await?;
    Ok(added)
}
