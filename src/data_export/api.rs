//! Server functions for the deletion of the caller's account. (The export is a download, so it has
//! a route of its own: `download`.)

#![expect(missing_docs, reason = "the macro makes each argument a public field, and passes no comment on")]

use leptos::prelude::*;

use crate::{
    accounts::DeletionTerms,
    shared::{error::AppError, forms::Submission, json::Json},
};

/// Returns what a deletion requested now would mean, and when it would happen.
///
/// # Errors
/// [`AppError::SignedOut`] without a session.
#[server(prefix = "/api", endpoint = "members/deletion_terms", output = Json)]
pub async fn load_deletion_terms() -> Result<DeletionTerms, AppError> {
    use crate::site::{RequestContext, current_member};

    Ok(crate::accounts::service::deletion_terms(&RequestContext::current()?.site, &current_member()?))
}

/// Requests the deletion of the caller's account; on success logs them out and redirects to the
/// login page.
///
/// # Errors
/// [`AppError::SignedOut`] without a session; [`AppError::ClosedWhileActing`] during an
/// impersonation; [`AppError::Unavailable`] when the database cannot be used.
#[server(prefix = "/api", endpoint = "members/delete")]
pub async fn request_deletion(#[server(default)] username: String) -> Result<Submission, AppError> {
    use crate::{
        accounts::session,
        shared::level::Level,
        site::{RequestContext, current_member, flash},
        ui::flash::Message,
    };

    let (context, member) = (RequestContext::current()?, current_member()?);
    let verdict = async {
        let mut auth = session::auth_session().await?;
        let proof = session::recently_authenticated(&auth, &context.site).await?;
        let days = crate::accounts::service::request_deletion(&context, &member, &proof, &username).await?;
        session::log_out(&mut auth, &context.site).await.map(|_| days)
    };
    Submission::from_result(verdict.await.map(|days| {
        crate::site::response::clear_site_data();
        flash::message(Level::Warning, Message::DeletionRequested { days });
        leptos_axum::redirect(&context.site.config.accounts.login_url);
    }))
}
