//! What the admin's forms have in common: the caller, their permission, and re-authentication.

use crate::{
    accounts::session,
    auth::sessions::login_context::RecentAuth,
    base::member::{Permission, Staff},
    shared::{error::AppError, forms::Submission, level::Level},
    site::{RequestContext, current_staff, flash},
    ui::flash::Message,
};

/// A request by staff who have the permission that it requires.
pub struct StaffRequest {
    /// The request.
    pub context: RequestContext,
    /// The caller.
    pub staff: Staff,
}

impl StaffRequest {
    /// Checks that the caller of the present request is staff with the permission.
    ///
    /// # Errors
    /// [`AppError::SignedOut`] without a session, or [`AppError::Forbidden`] without the
    /// permission.
    pub fn open(permission: Permission) -> Result<Self, AppError> {
        Ok(Self { staff: current_staff(permission)?, context: RequestContext::current()? })
    }

    /// Runs the form's operation, with the proof of recent authentication that it requires, and
    /// redirects to the page it returns with its message. A refused form and a password entry that
    /// is too old are returned as a [`Submission`].
    ///
    /// # Errors
    /// [`AppError::ClosedWhileActing`] during an impersonation; otherwise those of the operation.
    pub async fn answer(
        self,
        verb: impl AsyncFnOnce(&Self, &RecentAuth) -> Result<(Message, String), AppError>,
    ) -> Result<Submission, AppError> {
        let done = async {
            let auth = session::auth_session().await?;
            let recent = session::recently_authenticated(&auth, &self.context.site).await?;
            verb(&self, &recent).await
        };
        Submission::from_result(done.await.map(|(message, page)| {
            flash::message(Level::Success, message);
            leptos_axum::redirect(&page);
        }))
    }
}
