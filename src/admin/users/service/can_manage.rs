//! The rule for which users staff can change: none with permissions that they lack. Otherwise, by
//! setting a password, they could get every permission.

use super::super::{
    CanManage,
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

/// A user to be changed, with their permissions.
pub struct Target {
    /// The account.
    pub row: UserRow,
    /// The account's permissions.
    pub rights: Rights,
}

impl Target {
    /// Loads the user.
    ///
    /// # Errors
    /// [`AppError::NotFound`] without such a user; [`AppError::Unavailable`] when the database
    /// cannot be used.
    pub async fn find(connection: &mut Connection, id: UserId) -> Result<Self, AppError> {
        let row = user::find(connection, id).await?.ok_or(AppError::NotFound)?;
        let rights = rights(connection, id).await?;
        Ok(Self {
            rights: Rights { is_staff: row.is_staff == 1, is_superuser: row.is_superuser == 1, ..rights },
            row,
        })
    }

    /// Requires that the caller can manage the user, who is not themselves.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] otherwise.
    pub fn require_within(&self, staff: &Staff) -> Result<(), AppError> {
        match self.can_manage(staff) {
            CanManage::Yes => Ok(()),
            CanManage::Own | CanManage::No => Err(AppError::Forbidden),
        }
    }

    /// Requires that the user is below the caller: that the caller can manage them, and they could
    /// not manage the caller.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] otherwise.
    pub fn require_below(&self, staff: &Staff) -> Result<(), AppError> {
        if self.is_below(staff) { Ok(()) } else { Err(AppError::Forbidden) }
    }

    /// Returns whether the user is below the caller.
    pub fn is_below(&self, staff: &Staff) -> bool {
        let own = staff.member().rights();
        let has = |name: &String| self.rights.has_perm(name);
        // Without being staff, permissions manage nobody.
        let is_equal = self.rights.is_superuser
            || self.rights.is_staff && !own.is_superuser && own.own.iter().chain(&own.of_groups).all(has);
        self.can_manage(staff) == CanManage::Yes && !is_equal
    }

    /// Returns whether the caller can manage the user.
    pub fn can_manage(&self, staff: &Staff) -> CanManage {
        if self.row.id == staff.member().id().0 {
            CanManage::Own
        } else if has_all(staff, &self.rights) {
            CanManage::Yes
        } else {
            CanManage::No
        }
    }
}

/// Returns whether the caller has every permission in `rights`, including names that the program
/// does not know.
pub fn has_all(staff: &Staff, rights: &Rights) -> bool {
    staff.member().covers(rights)
}
