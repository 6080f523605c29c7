//! What the admin's forms have in common: who asks, what they may, and how long ago they gave their password.

use crate::{
    accounts::session,
    auth::sessions::login_context::RecentAuth,
    base::member::{Permission, Staff},
    shared::{error::AppError, forms::Submission, level::Level},
    site::{RequestContext, current_staff, flash},
    ui::flash::Message,
};

/// A request of staff who have the permission.
pub struct StaffRequest {
    /// The request.
    pub visit: RequestContext,
    /// Who asks.
    pub staff: Staff,
}

impl StaffRequest {
    /// The present request.
    ///
    /// # Errors
    /// [`AppError::SignedOut`], or [`AppError::Forbidden`].
    pub fn open(permission: Permission) -> Result<Self, AppError> {
        Ok(Self { staff: current_staff(permission)?, visit: RequestContext::current()? })
    }

    /// Does what the form is for, with the proof that the password was given not long ago, and leads on with a message.
    ///
    /// # Errors
    /// Those of the verb; a refused form is an answer.
    pub async fn answer(
        self,
        verb: impl AsyncFnOnce(&Self, &RecentAuth) -> Result<(Message, String), AppError>,
    ) -> Result<Submission, AppError> {
        let done = async {
            let auth = session::auth_session().await?;
            let recent = session::recently_authenticated(&auth, &self.visit.site).await?;
            verb(&self, &recent).await
        };
        Submission::from_result(done.await.map(|(message, page)| {
            flash::message(Level::Success, message);
            leptos_axum::redirect(&page);
        }))
    }
}
