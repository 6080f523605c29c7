//! What a link in a mail can do, for its page.

use super::{
    taking::Prover,
    tokens::{self, Proof, Purpose, code_of},
};
use crate::{
    accounts::{Address, LinkState},
    shared::error::AppError,
    site::AppState,
};

/// Returns the state of a link for its page: what it can do in this browser, or has done.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn link_state(
    site: &AppState,
    purpose: Purpose,
    link: &str,
    prover: &Prover,
) -> Result<LinkState, AppError> {
    if let Some(token) = tokens::peek(site, purpose, link).await? {
        let is_own = prover.is_of(&mut *site.db.read().await?, token.user, site.clock.now()).await?;
        let is_members = token.owner.email_verified_at.is_some();
        return Ok(LinkState::Good(Address {
            takes_whole: !is_members && !is_own,
            code: (purpose == Purpose::ChangeEmail && is_members && !is_own).then(|| code_of(link)),
            is_proven: is_members && token.owner.email == token.email,
            username: token.owner.username,
            email: token.email,
        }));
    }
    let used = tokens::used(site, purpose, &Proof::Token(link)).await?;
    Ok(used.map_or(LinkState::Dead, |(row, owner)| {
        LinkState::Used(Address {
            takes_whole: false,
            code: None,
            is_proven: owner.email_verified_at.is_some(),
            username: owner.username,
            email: row.email,
        })
    }))
}
