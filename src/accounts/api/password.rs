//! Server functions about the password.

use leptos::prelude::*;

use crate::shared::{
    error::AppError,
    forms::{Secret, Submission},
};

/// Asks for a mail with which to set a new password; always leads to the same page.
///
/// # Errors
/// Too many tries, or an outage.
#[server(prefix = "/api", endpoint = "accounts/ask_for_reset")]
pub async fn ask_for_reset(#[server(default)] email: String) -> Result<Submission, AppError> {
    use super::super::service;
    use crate::site::RequestContext;

    let visit = RequestContext::current()?;
    Submission::from_result(
        service::request_reset(&visit, &email)
            .await
            .map(|()| leptos_axum::redirect("/accounts/password_reset/done")),
    )
}

/// Sets a new password with the link that was opened in this browser.
///
/// # Errors
/// Too many tries, or an outage.
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

    let visit = RequestContext::current()?;
    let token = mail_links::opened(Purpose::ResetPassword);
    let done = service::reset_password(&visit, &token, &NewPassword { password1, password2 }).await;
    Submission::from_result(done.map(|owner| mail_links::used(&visit, Purpose::ResetPassword, owner)))
}

/// Changes the caller's password; other devices are logged out.
///
/// # Errors
/// Nobody is signed in, too many tries, or an outage.
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

    let (visit, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        let mut auth = session::auth_session().await?;
        let (present, typed) =
            (session::renewal(&auth, &visit.site).await?, NewPassword { password1, password2 });
        let member = service::change_own_password(&visit, &member, &present, &old_password, &typed).await?;
        session::adopt(&mut auth, &present, &member).await
    };
    Submission::from_result(done.await.map(|()| {
        flash::message(Level::Success, Message::PasswordChanged);
        leptos_axum::redirect("/members/profile");
    }))
}

/// Gives the password again, and leads back to where it was asked for. A form that waits for it is then sent again by
/// `server::plain_forms`.
///
/// # Errors
/// Nobody is signed in, too many tries, or an outage.
#[server(prefix = "/api", endpoint = "accounts/reauthenticate")]
pub async fn reauthenticate(
    #[server(default)] password: Secret,
    #[server(default)] next: String,
) -> Result<Submission, AppError> {
    use super::super::service;
    use super::super::session;
    use crate::site::next;
    use crate::site::{RequestContext, current_member};

    let (visit, member) = (RequestContext::current()?, current_member()?);
    let done = async {
        service::reauthenticate(&visit, &member, &password).await?;
        session::renew(&mut session::auth_session().await?, &visit.site, &member).await
    };
    Submission::from_result(done.await.map(|()| {
        let accounts = &visit.site.config.accounts;
        let destination = next::destination(&next, &visit.site.base_url, &accounts.login_redirect_url);
        leptos_axum::redirect(&destination.unwrap_or_else(|| accounts.login_redirect_url.clone()));
    }))
}
