//! Server functions for the email address.

use leptos::prelude::*;

use super::super::{Address, Link, LinkState};
use crate::shared::{error::AppError, forms::Submission, json::Json};

/// Returns the caller's email address.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/email", output = Json)]
pub async fn load_email() -> Result<Address, AppError> {
    use super::super::service;
    use crate::site::{RequestContext, current_member};

    let profile = service::profile(&RequestContext::current()?.site, &current_member()?).await?;
    Ok(Address {
        username: profile.username,
        email: profile.email,
        is_proven: profile.email_verified_at.is_some(),
        takes_whole: false,
        code: None,
    })
}

/// Returns what the mail link of this kind that was opened in this browser can do, or has done.
/// Does not use the link.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/link", output = Json)]
pub async fn load_link(link: Link) -> Result<LinkState, AppError> {
    use super::super::{mail_links, service::link_state};
    use crate::site::RequestContext;

    let purpose = link.purpose();
    let token = mail_links::opened(purpose);
    if token.is_empty() {
        return Ok(LinkState::None);
    }
    link_state(&RequestContext::current()?.site, purpose, &token, &mail_links::prover()).await
}

/// Sends another mail to verify the caller's address.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of mails; [`AppError::Unavailable`] when
/// the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/ask_for_verification")]
pub async fn ask_for_verification() -> Result<Submission, AppError> {
    use super::super::service;
    use crate::{
        shared::level::Level,
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let done = service::request_verification(&RequestContext::current()?, &current_member()?).await;
    Submission::from_result(done.map(|()| {
        flash::message(Level::Success, Message::VerificationSent);
        leptos_axum::redirect("/accounts/verify");
    }))
}

/// Verifies an address with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/verify_email")]
pub async fn verify_email() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, Proof, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::VerifyEmail));
    let done = service::verify_email(&context, Proof::Token(&token), &mail_links::prover()).await;
    Submission::from_result(done.map(|(owner, is_taken)| {
        mail_links::used_by(&context, Purpose::VerifyEmail, owner, is_taken);
    }))
}

/// Verifies the caller's address with the code from the mail.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of attempts; [`AppError::Unavailable`]
/// when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/verify_by_code")]
pub async fn verify_by_code(#[server(default)] code: String) -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, Proof, tokens::Purpose},
    };
    use crate::site::{RequestContext, current_member};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = service::verify_email(&context, Proof::Code(&member, &code), &mail_links::prover()).await;
    Submission::from_result(done.map(|(owner, _)| mail_links::used(&context, Purpose::VerifyEmail, owner)))
}

/// Requests a change to another address.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of mails; [`AppError::Unavailable`] when
/// the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/ask_for_email_change")]
pub async fn ask_for_email_change(#[server(default)] email: String) -> Result<Submission, AppError> {
    use super::super::service;
    use super::super::session;
    use crate::{
        shared::level::Level,
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let recent = session::recently_authenticated(&session::auth_session().await?, &context.site).await?;
        service::request_email_change(&context, &member, &recent, &email).await
    };
    Submission::from_result(done.await.map(|()| {
        flash::message(Level::Success, Message::EmailChangeAsked);
        leptos_axum::redirect("/accounts/email/confirm");
    }))
}

/// Confirms the new address with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/confirm_email_change")]
pub async fn confirm_email_change() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, Proof, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::ChangeEmail));
    let done = service::confirm_email_change(&context, Proof::Token(&token), &mail_links::prover()).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::ChangeEmail, owner)))
}

/// Confirms the new address with the code from the mail.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of attempts; [`AppError::Unavailable`]
/// when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/change_by_code")]
pub async fn change_by_code(#[server(default)] code: String) -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, Proof, tokens::Purpose},
    };
    use crate::site::{RequestContext, current_member};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done =
        service::confirm_email_change(&context, Proof::Code(&member, &code), &mail_links::prover()).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::ChangeEmail, owner)))
}

/// Undoes a change of address with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/undo_email_change")]
pub async fn undo_email_change() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::UndoEmail));
    let done = service::undo_email_change(&context, &token).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::UndoEmail, owner)))
}

/// Reports with the link that was opened in this browser that the owner did not cause a notice.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/not_me")]
pub async fn not_me() -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let (context, token) = (RequestContext::current()?, mail_links::opened(Purpose::NotMe));
    let done = service::not_me(&context, &token).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::NotMe, owner)))
}
