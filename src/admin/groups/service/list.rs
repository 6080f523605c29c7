//! Groups in lists.

use super::super::store;
use crate::{error::AppError, server::Site};

/// More are not offered for a choice: their pages lead to their members.
const CHOICES: i64 = 300;

/// Ids and names of the groups, to choose from, and of the chosen one in any case.
///
/// # Errors
/// An outage.
pub async fn names(site: &Site, chosen: Option<i64>) -> Result<Vec<(i64, String)>, AppError> {
    let mut connection = site.db.read().await?;
    let mut names = store::names(&mut connection, CHOICES).await?;
    if let Some(chosen) = chosen.filter(|chosen| names.iter().all(|(id, _)| id != chosen)) {
        let group = store::find(&mut connection, chosen).await?;
        names.extend(group.map(|group| (group.id, group.name)));
    }
    Ok(names)
}
