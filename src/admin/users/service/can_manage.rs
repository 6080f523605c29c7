//! Whom somebody may change: nobody who may more than they do themselves. Else whoever may set passwords could have everything.

use super::super::{
    Reach,
    store::user::{self, UserRow},
};
use crate::{
    accounts::service::rights,
    base::{
        db::Connection,
        member::{Rights, Staff, UserId},
    },
    shared::error::AppError,
};

/// A user, and what they may.
pub struct Target {
    /// The account.
    pub row: UserRow,
    /// What it has.
    pub rights: Rights,
}

impl Target {
    /// Reads it.
    ///
    /// # Errors
    /// [`AppError::NotFound`], or an outage.
    pub async fn find(connection: &mut Connection, id: UserId) -> Result<Self, AppError> {
        let row = user::find(connection, id).await?.ok_or(AppError::NotFound)?;
        let rights = rights(connection, id).await?;
        Ok(Self {
            rights: Rights { is_staff: row.is_staff == 1, is_superuser: row.is_superuser == 1, ..rights },
            row,
        })
    }

    /// Refuses where it is the caller's own, or beyond them.
    ///
    /// # Errors
    /// [`AppError::Forbidden`].
    pub fn require_within(&self, staff: &Staff) -> Result<(), AppError> {
        match self.reach(staff) {
            Reach::Within => Ok(()),
            Reach::Own | Reach::Beyond => Err(AppError::Forbidden),
        }
    }

    /// How far the caller's arm reaches.
    pub fn reach(&self, staff: &Staff) -> Reach {
        if self.row.id == staff.member().id().0 {
            Reach::Own
        } else if has_all(staff, &self.rights) {
            Reach::Within
        } else {
            Reach::Beyond
        }
    }
}

/// Whether the caller may all that these rights give, names of elsewhere included.
pub fn has_all(staff: &Staff, rights: &Rights) -> bool {
    staff.member().covers(rights)
}
