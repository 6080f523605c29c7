//! The accounts.

use std::collections::HashMap;

use sqlx::{Error, Row, SqliteConnection, sqlite::SqliteRow};
use tokio_stream::StreamExt;

use super::{Sink, by_first, columns, names};
use crate::base::sql::places;
use crate::transfer::{
    django::{Catalog, DjangoUser, UserModel, primary_key},
    import_row::{BATCH, Batch},
    valid_user::Warning,
};

/// Reads the accounts in batches; `beside` is a second connection, for the rows that belong to a
/// batch.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    beside: &mut SqliteConnection,
    model: &UserModel,
    catalog: &Catalog,
    outlet: &Sink<'_>,
) -> Result<(), Error> {
    let columns_of_users = [
        model.username_field(),
        "password",
        "email",
        "first_name",
        "last_name",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    ];
    let table = format!("{}_{}", model.app, model.model);
    let there = columns(connection, &table).await?;
    let key = primary_column(connection, &table).await?;
    let mut sql = format!("SELECT CAST({key} AS TEXT)");
    for column in columns_of_users {
        // A custom model may lack some columns. A flag that is null counts as false.
        sql += &match there.iter().any(|name| name == column) {
            true if column.starts_with("is_") => format!(", CAST(COALESCE(\"{column}\", 0) AS TEXT)"),
            true => format!(", CAST(\"{column}\" AS TEXT)"),
            false => ", NULL".to_owned(),
        };
    }
    sql += &format!(" FROM \"{table}\" ORDER BY {key}");
    let links = Links::find(beside, model, &table).await?;
    let mut rows = sqlx::query(sqlx::AssertSqlSafe(sql)).fetch(connection);
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        let row = rows.next().await.transpose()?;
        let is_last = row.is_none();
        if let Some(row) = row {
            batch.push(user(&row)?);
        }
        if batch.len() == BATCH || (is_last && !batch.is_empty()) {
            links.complete(beside, catalog, &mut batch).await?;
            let users = std::mem::take(&mut batch).into_iter().map(DjangoUser::incoming).collect();
            outlet.give(Batch::Users(users)).await?;
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Returns the table that this one extends, if the passwords are there.
pub(super) async fn extended(
    connection: &mut SqliteConnection,
    table: &str,
) -> Result<Option<String>, Error> {
    if columns(connection, table).await?.iter().any(|name| name == "password") {
        return Ok(None);
    }
    let row: Option<(String,)> = sqlx::query_as(
        "SELECT \"table\" FROM pragma_foreign_key_list(?) AS keys JOIN pragma_table_info(?) AS columns \
         ON columns.name = keys.\"from\" WHERE columns.pk = 1",
    )
    .bind(table)
    .bind(table)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(parent,)| parent))
}

/// Returns the primary key's column.
async fn primary_column(connection: &mut SqliteConnection, table: &str) -> Result<String, Error> {
    let row: Option<(String,)> = sqlx::query_as("SELECT name FROM pragma_table_info(?) WHERE pk = 1")
        .bind(table)
        .fetch_optional(connection)
        .await?;
    Ok(row.map_or_else(|| "rowid".to_owned(), |(name,)| format!("\"{}\"", name.replace('"', "\"\""))))
}

fn user(row: &SqliteRow) -> Result<DjangoUser, Error> {
    let text = |at: usize| row.try_get::<Option<String>, _>(at);
    Ok(DjangoUser {
        pk: text(0)?,
        username: text(1)?,
        password: text(2)?,
        email: text(3)?,
        first_name: text(4)?,
        last_name: text(5)?,
        is_active: text(6)?,
        is_staff: text(7)?,
        is_superuser: text(8)?,
        date_joined: text(9)?,
        last_login: text(10)?,
        ..Default::default()
    })
}

/// The tables that link accounts to groups and to permissions, if they exist.
struct Links {
    groups: Option<String>,
    permissions: Option<String>,
    owner: String,
}

impl Links {
    async fn find(connection: &mut SqliteConnection, model: &UserModel, table: &str) -> Result<Self, Error> {
        let (groups, permissions) = (format!("{table}_groups"), format!("{table}_user_permissions"));
        let has = |columns: Vec<String>| !columns.is_empty();
        Ok(Self {
            groups: has(columns(connection, &groups).await?).then_some(groups),
            permissions: has(columns(connection, &permissions).await?).then_some(permissions),
            owner: format!("{}_id", model.model),
        })
    }

    async fn complete(
        &self,
        connection: &mut SqliteConnection,
        catalog: &Catalog,
        batch: &mut [DjangoUser],
    ) -> Result<(), Error> {
        let ids: Vec<String> = batch.iter().filter_map(|user| user.pk.clone()).collect();
        let mut groups = self.of(connection, self.groups.as_deref(), "group_id", &ids).await?;
        let mut permissions = self.of(connection, self.permissions.as_deref(), "permission_id", &ids).await?;
        for user in batch {
            let id = user.pk.clone().unwrap_or_default();
            let (found, notes) =
                names(&catalog.groups, groups.remove(&id).unwrap_or_default(), Warning::Group);
            (user.groups, user.notes) = (found, notes);
            let keys = permissions.remove(&id).unwrap_or_default();
            let (found, notes) = names(&catalog.permissions, keys, Warning::Permission);
            user.permissions = found;
            user.notes.extend(notes);
            user.pk = Some(primary_key(&id));
        }
        Ok(())
    }

    async fn of(
        &self,
        connection: &mut SqliteConnection,
        table: Option<&str>,
        column: &str,
        ids: &[String],
    ) -> Result<HashMap<String, Vec<String>>, Error> {
        let Some(table) = table else {
            return Ok(HashMap::new());
        };
        let owner = &self.owner;
        // No cast on the left side: the column's affinity converts the text, so its index can be
        // used.
        let sql = format!(
            "SELECT CAST({owner} AS TEXT), CAST({column} AS TEXT) FROM \"{table}\" WHERE {owner} IN ({}) ORDER BY {owner}, {column}",
            places(1, ids.len())
        );
        let query = ids.iter().fold(sqlx::query_as(sqlx::AssertSqlSafe(sql)), |query, id| query.bind(id));
        Ok(by_first(query.fetch_all(connection).await?))
    }
}
