//! Loading one group.

use std::collections::BTreeSet;

use super::super::store;
use crate::{
    accounts::names,
    base::{db::Connection, username},
    shared::{error::AppError, forms::Problem},
};

/// A group, and the permissions that it gives.
pub struct Group {
    /// The row's id.
    pub id: i64,
    /// The group's name.
    pub name: String,
    /// The row's version, which every change increments.
    pub version: i64,
    /// Whether its members must have a second factor.
    pub requires_second_factor: bool,
    /// Codenames of its permissions.
    pub permissions: BTreeSet<String>,
}

/// Returns a group's name as it is stored and the key by which names are compared.
///
/// # Errors
/// What is wrong with a text that cannot be a group's name.
pub fn group_name(typed: &str) -> Result<(String, String), Problem> {
    let name = names::normalize(typed);
    // The length is checked before folding, which is not done for a megabyte of input and can
    // lengthen the name.
    if let Some(problem) = names::problem(&name) {
        return Err(problem);
    }
    let key = username::key(&name);
    if key.is_empty() { Err(Problem::Required) } else { Ok((name, key)) }
}

/// Returns the group with this name, in any case.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn by_name(connection: &mut Connection, typed: &str) -> Result<Option<Group>, AppError> {
    let Ok((_, key)) = group_name(typed) else {
        return Ok(None);
    };
    let row = store::by_key(connection, &key).await?;
    whole(connection, row).await
}

/// Returns the group with this id.
///
/// # Errors
/// [`AppError::Unavailable`] when the database cannot be used.
pub async fn find(connection: &mut Connection, id: i64) -> Result<Option<Group>, AppError> {
    let row = store::find(connection, id).await?;
    whole(connection, row).await
}

async fn whole(connection: &mut Connection, row: Option<store::GroupRow>) -> Result<Option<Group>, AppError> {
    let Some(store::GroupRow { id, name, version, requires_second_factor }) = row else {
        return Ok(None);
    };
    let permissions = store::permissions(connection, id).await?.into_iter().collect();
    let requires_second_factor = requires_second_factor == 1;
    Ok(Some(Group { id, name, version, requires_second_factor, permissions }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_groups() {
        assert_eq!(
            group_name("  Éditeurs du soir "),
            Ok(("Éditeurs du soir".into(), "éditeurs du soir".into()))
        );
        for no_name in ["", "  ", "\u{3164}", "a\nb", "a\u{202E}b", &"x".repeat(151)] {
            assert!(group_name(no_name).is_err(), "{no_name:?}");
        }
    }
}
