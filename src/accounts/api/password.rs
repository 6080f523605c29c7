//! Server functions for the password.

use leptos::prelude::*;

use super::super::Reauthentication;
use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
    json::Json,
};

/// Requests a mail to set a new password. Always redirects to the same page.
///
/// # Errors
/// [`AppError::Throttled`] past a rate limit; [`AppError::Unavailable`] when the database cannot be
/// used.
#[server(prefix = "/api", endpoint = "accounts/ask_for_reset")]
pub async fn ask_for_reset(#[server(default)] email: String) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::site::RequestContext;

    let context = RequestContext::current()?;
    Submission::from_result(
        service::request_reset(&context, &email)
            .await
            .map(|()| leptos_axum::redirect("/accounts/password_reset/done")),
    )
}

/// Sets a new password with the link that was opened in this browser.
///
/// # Errors
/// [`AppError::Throttled`] past a rate limit; [`AppError::Busy`] when the hash queue is full;
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/reset_password")]
pub async fn reset_password(
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, NewPassword, tokens::Purpose},
    };
    use crate::site::RequestContext;

    let context = RequestContext::current()?;
    let token = mail_links::opened(Purpose::ResetPassword);
    let (typed, prover) = (NewPassword { password1, password2 }, mail_links::prover());
    let done = service::reset_password(&context, &token, &typed, &prover).await;
    Submission::from_result(done.map(|owner| mail_links::used(&context, Purpose::ResetPassword, owner)))
}

/// Judges a new password before its form is sent, with what else is typed in the form so far. Knows
/// nothing of any account.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/judge_password")]
pub async fn judge_password(
    #[server(default)] username: String,
    #[server(default)] email: String,
    #[server(default)] first_name: String,
    #[server(default)] last_name: String,
    #[server(default)] password1: Secret,
) -> Result<Submission, AppError> {
    use super::super::{
        mail_links,
        service::{self, tokens::Purpose},
    };
    use crate::{
        auth::password::PasswordOwner,
        site::{RequestContext, current_member},
    };

    // Whose account a link is for, its form finds out.
    let has_second_factor = current_member().map_or_else(
        |_| !mail_links::opened(Purpose::ResetPassword).is_empty(),
        |member| member.has_second_factor(),
    );
    let owner = PasswordOwner {
        username: &username,
        first_name: &first_name,
        last_name: &last_name,
        email: &email,
        has_second_factor,
    };
    let context = RequestContext::current()?;
    Submission::from_result(service::judge_password(&context, &password1, owner).await)
}

/// Changes the caller's password and logs out all other devices. A member with a second factor must
/// have used it recently.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of wrong passwords; [`AppError::Busy`]
/// when the hash queue is full; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "accounts/change_password")]
pub async fn change_password(
    #[server(default)] old_password: Secret,
    #[server(default)] password1: Secret,
    #[server(default)] password2: Secret,
) -> Result<Submission, AppError> {
    use super::super::session;
    use crate::accounts::service::{self, NewPassword};
    use crate::site::{RequestContext, current_member, flash};
    use crate::{shared::level::Level, ui::flash::Message};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let mut auth = session::auth_session().await?;
        // The form asks for the password, but not for a code.
        if member.has_second_factor() {
            session::recently_authenticated(&auth, &context.site).await?;
        }
        let (present, typed) =
            (session::rotation(&auth, &context.site).await?, NewPassword { password1, password2 });
        let member = service::change_own_password(&context, &member, &present, &old_password, &typed).await?;
        session::switch_to(&mut auth, &present, &member).await
    };
    Submission::from_result(done.await.map(|()| {
        flash::message(Level::Success, Message::PasswordChanged);
        leptos_axum::redirect("/members/profile");
    }))
}

/// Returns what the caller has to prove themselves by.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/reauthentication", output = Json)]
pub async fn load_reauthentication() -> Result<Reauthentication, AppError> {
    use super::super::service::{factors, passkeys};
    use crate::site::{RequestContext, current_member};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let mut connection = context.site.db.read().await?;
    Ok(Reauthentication {
        username: member.username().to_owned(),
        asks_for_code: factors::has_second_factor(&context.site, &mut connection, member.id()).await?,
        has_app: factors::has_app(&mut connection, member.id()).await?,
        offers_passkey: passkeys::offers(&context.site, &mut connection, member.id(), true).await?,
    })
}

/// Re-authenticates the caller with their password and, if they have one, second factor, and
/// redirects to where it was requested. If a form waits for this, `server::plain_forms` then
/// submits it again.
///
/// # Errors
/// [`AppError::SignedOut`] when nobody is signed in; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Throttled`] past the limit of wrong passwords or codes;
/// [`AppError::Busy`] when the hash queue is full; [`AppError::Unavailable`] when the database
/// cannot be used.
#[server(prefix = "/api", endpoint = "accounts/reauthenticate")]
pub async fn reauthenticate(
    #[server(default)] password: Secret,
    #[server(default)] code: Secret,
    #[server(default)] next: String,
) -> Result<Submission, AppError> {
    use super::super::service;
    use super::super::session;
    use crate::site::next;
    use crate::site::{RequestContext, current_member};

    let (context, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let factor = service::reauthenticate(&context, &member, &password, &code).await?;
        // Another instance, or the command line, may have changed what the member has.
        context.site.members.invalidate(member.id());
        session::rotate(&mut session::auth_session().await?, &context.site, &member, factor).await
    };
    Submission::from_result(done.await.map(|()| {
        let accounts = &context.site.config.accounts;
        let destination = next::destination(&next, &context.site.base_url, &accounts.login_redirect_url);
        leptos_axum::redirect(&destination.unwrap_or_else(|| accounts.login_redirect_url.clone()));
    }))
}
