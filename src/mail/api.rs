//! Server functions of the developers' mailbox.

use leptos::prelude::*;

use super::Posted;
use crate::shared::{error::AppError, json::Json};

/// Returns the mails that were sent, the latest first.
///
/// # Errors
/// [`AppError::NotFound`] in production, and where mails are really sent.
#[server(prefix = "/api", endpoint = "dev/mailbox", output = Json)]
pub async fn load_mailbox() -> Result<Vec<Posted>, AppError> {
    // The mailbox contains links that open accounts, and changes without invalidating a cache.
    crate::site::response::no_store();
    let posted = crate::site::RequestContext::current()?.site.mails.mailbox().ok_or(AppError::NotFound)?;
    let mails = posted.into_iter().map(|mail| Posted {
        at: crate::base::moment::moment(mail.at),
        to: mail.to,
        subject: mail.subject,
        text: mail.text,
        link: mail.link,
    });
    Ok(mails.collect())
}
