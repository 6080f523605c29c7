//! Groups and permissions.

use sqlx::{Error, SqliteConnection};

use super::{by_first, columns, names};
use crate::transfer::{django::Catalog, import_row::IncomingGroup, valid_user::Warning};

pub(super) async fn read(connection: &mut SqliteConnection) -> Result<Catalog, Error> {
    let mut catalog = Catalog::default();
    if columns(connection, "auth_permission").await?.is_empty()
        || columns(connection, "auth_group").await?.is_empty()
    {
        return Ok(catalog);
    }
    let permissions: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT CAST(auth_permission.id AS TEXT), app_label, codename FROM auth_permission \
         JOIN django_content_type ON django_content_type.id = content_type_id",
    )
    .fetch_all(&mut *connection)
    .await?;
    catalog.permissions =
        permissions.into_iter().map(|(id, app, name)| (id, format!("{app}.{name}"))).collect();
    let groups: Vec<(String, String)> =
        sqlx::query_as("SELECT CAST(id AS TEXT), name FROM auth_group ORDER BY id")
            .fetch_all(&mut *connection)
            .await?;
    let given: Vec<(String, String)> = sqlx::query_as(
        "SELECT CAST(group_id AS TEXT), CAST(permission_id AS TEXT) FROM auth_group_permissions",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut given = by_first(given);
    for (key, name) in groups {
        let (permissions, notes) =
            names(&catalog.permissions, given.remove(&key).unwrap_or_default(), Warning::Permission);
        catalog.groups.insert(key.clone(), name.clone());
        catalog.incoming.push(IncomingGroup { key, name, permissions, requires_second_factor: false, notes });
    }
    Ok(catalog)
}
