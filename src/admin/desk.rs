//! What the admin's forms have in common: who asks, what they may, and how long ago they gave their password.

use crate::{
    base::member::{Permission, Staff},
    server::{Visit, current_staff, flash},
    sessions::{cookie, origin::Recent},
    shared::{error::AppError, forms::Submission, level::Level},
    ui::flash::Message,
};

/// A request of staff who have the permission.
pub struct Desk {
    /// The request.
    pub visit: Visit,
    /// Who asks.
    pub staff: Staff,
}

impl Desk {
    /// The present request.
    ///
    /// # Errors
    /// [`AppError::SignedOut`], or [`AppError::Forbidden`].
    pub fn open(permission: Permission) -> Result<Self, AppError> {
        Ok(Self { staff: current_staff(permission)?, visit: Visit::current()? })
    }

    /// Does what the form is for, with the proof that the password was given not long ago, and leads on with a message.
    ///
    /// # Errors
    /// Those of the verb; a refused form is an answer.
    pub async fn answer(
        self,
        verb: impl AsyncFnOnce(&Self, &Recent) -> Result<(Message, String), AppError>,
    ) -> Result<Submission, AppError> {
        let done = async {
            let auth = cookie::auth_session().await?;
            let recent = cookie::recently_authenticated(&auth, &self.visit.site).await?;
            verb(&self, &recent).await
        };
        Submission::from_result(done.await.map(|(message, page)| {
            flash::message(Level::Success, message);
            leptos_axum::redirect(&page);
        }))
    }
}
