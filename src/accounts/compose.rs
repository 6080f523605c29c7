//! The texts of account mails, for the mail queue.

use async_trait::async_trait;

use super::{mail_templates, service};
use crate::{
    base::{clock::Millis, db::Transaction, mail_content::MailContent},
    mail::{
        delivery::Compose,
        service::{MailJob, MailKind},
    },
    shared::error::AppError,
    site::AppState,
};

/// Writes the mails about accounts.
pub struct MailTemplates;

#[async_trait]
impl Compose for MailTemplates {
    async fn compose(&self, site: &AppState, mail: i64, order: &MailJob) -> Result<MailContent, AppError> {
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
            MailKind::LoginCodeRequested => {
                service::mail_login::expand_code_request(site, transaction, now, order).await
            }
            _ => service::expand_reset_request(site, transaction, now, order).await,
        }
    }
}
