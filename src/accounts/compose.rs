//! The texts of account mails, for the mail queue.

use async_trait::async_trait;

use super::{mail_templates, service};
use crate::{
    base::{clock::Millis, db::Transaction, letter::Letter},
    mail::{
        delivery::Compose,
        service::{Kind, MailJob},
    },
    shared::error::AppError,
    site::AppState,
};

/// Writes the mails about accounts.
pub struct Letters;

#[async_trait]
impl Compose for Letters {
    async fn letter(&self, site: &AppState, mail: i64, order: &MailJob) -> Result<Letter, AppError> {
        mail_templates::write(site, mail, order).await
    }

    async fn expand(
        &self,
        site: &AppState,
        transaction: &mut Transaction,
        now: Millis,
        order: &MailJob,
    ) -> Result<(), AppError> {
        match order.kind {
            Kind::LoginCodeRequested => {
                service::mail_login::expand_code_request(site, transaction, now, order).await
            }
            _ => service::expand_reset_request(site, transaction, now, order).await,
        }
    }
}
