//! Server functions for the mail queue.

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use super::MailListing;
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Loads a page of the queue; `query` is the query string of the page's address.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/mails", output = Json)]
pub async fn load_mails(#[server(default)] query: String) -> Result<MailListing, AppError> {
    use crate::{
        shared::permission::Permission,
        site::{RequestContext, current_staff},
    };

    let staff = current_staff(Permission::ViewMail)?;
    super::service::listing(&RequestContext::current()?.site, &staff, &query).await
}

/// Retries a mail now, and redirects to the queue.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/retry_mail")]
pub async fn retry_mail(#[server(default)] mail: i64) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service;
    use crate::shared::paths::MAILS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    StaffRequest::open(Permission::ChangeMail)?
        .answer(async |request, recent| {
            let done = service::retry(&request.context, &request.staff, recent, mail).await?;
            Ok((if done { Message::MailHurried } else { Message::MailGone }, MAILS.to_owned()))
        })
        .await
}

/// Drops a mail, and redirects to the queue.
///
/// # Errors
/// [`AppError::SignedOut`] or [`AppError::Forbidden`] without the permission;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "admin/drop_mail")]
pub async fn drop_mail(#[server(default)] mail: i64) -> Result<Submission, AppError> {
    use super::super::staff_request::StaffRequest;
    use super::service;
    use crate::shared::paths::MAILS;
    use crate::{shared::permission::Permission, ui::flash::Message};

    StaffRequest::open(Permission::DeleteMail)?
        .answer(async |request, recent| {
            let done = service::delete(&request.context, &request.staff, recent, mail).await?;
            Ok((if done { Message::MailDropped } else { Message::MailGone }, MAILS.to_owned()))
        })
        .await
}
