//! What the mail queue asks for.

use async_trait::async_trait;

use super::{letters, service};
use crate::{
    base::{clock::Millis, db::Transaction, letter::Letter},
    mail::{delivery::Compose, service::Order},
    shared::error::AppError,
    site::Site,
};

/// Writes the mails about accounts.
pub struct Letters;

#[async_trait]
impl Compose for Letters {
    async fn letter(&self, site: &Site, mail: i64, order: &Order) -> Result<Letter, AppError> {
        letters::write(site, mail, order).await
    }

    async fn expand(
        &self,
        site: &Site,
        transaction: &mut Transaction,
        now: Millis,
        order: &Order,
    ) -> Result<(), AppError> {
        service::expand_reset_request(site, transaction, now, order).await
    }
}
