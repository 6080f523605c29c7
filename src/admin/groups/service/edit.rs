//! The changes to groups. For their members and permissions see [`Edit::join`] and
//! [`Edit::set_permissions`].

use super::super::store;
use super::find::Group;
use crate::{
    admin::edit::Edit,
    audit::service::Object,
    base::id::new_id,
    shared::{
        error::AppError,
        forms::{Field, Problem},
    },
};

impl Edit<'_> {
    /// Adds a group with this name and key, and returns its id. `change` is for the audit log.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if the name is taken; [`AppError::Unavailable`] when the database
    /// cannot be used.
    pub async fn add_group(
        &mut self,
        (name, key): &(String, String),
        change: (&str, &str, &str),
    ) -> Result<i64, AppError> {
        let id = new_id(self.now);
        store::insert(&mut self.transaction, id, name, key).await?;
        self.record(Object::Group(id, name), &[change]).await?;
        Ok(id)
    }

    /// Gives a group this name and key.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if the name is taken, or the group has changed since it was read;
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn rename_group(
        &mut self,
        group: &Group,
        (name, key): &(String, String),
    ) -> Result<(), AppError> {
        if !store::update(&mut self.transaction, group.id, group.version, name, key).await? {
            return Err(AppError::invalid(Field::Form, Problem::ChangedMeanwhile));
        }
        self.record(Object::Group(group.id, name), &[("name", &group.name, name)]).await
    }

    /// Sets whether the members of a group must have a second factor. Returns whether that is new.
    ///
    /// # Errors
    /// [`AppError::Unavailable`] when the database cannot be used.
    pub async fn require_second_factor(
        &mut self,
        (id, name): (i64, &str),
        is_required: bool,
    ) -> Result<bool, AppError> {
        if !store::require_second_factor(&mut self.transaction, id, is_required).await? {
            return Ok(false);
        }
        self.touch_everybody();
        let (old, new) = if is_required { ("no", "yes") } else { ("yes", "no") };
        self.record(Object::Group(id, name), &[("requires a second factor", old, new)]).await?;
        Ok(true)
    }

    /// Deletes a group. Its members stay, but lose the permissions that it gave them.
    ///
    /// # Errors
    /// [`AppError::Invalid`] if the group has changed since it was read; [`AppError::Unavailable`]
    /// when the database cannot be used.
    pub async fn delete_group(&mut self, group: &Group) -> Result<(), AppError> {
        if !store::delete(&mut self.transaction, group.id, group.version).await? {
            return Err(AppError::invalid(Field::Form, Problem::ChangedMeanwhile));
        }
        self.touch_everybody();
        self.record(Object::Group(group.id, &group.name), &[("deleted", "", "")]).await
    }
}
