//! Changes to existing rows that SQL alone cannot make. `migrate` makes each of them once, after
//! the migrations.

use sqlx::AnyConnection;

use super::super::email_address;
use super::Database;

/// `users.email_key` used to be the case-folded text of the address, by which straße.example was
/// strasse.example, and münchen.example was not xn--mnchen-3ya.example.
const EMAIL_KEYS: &str = "email_keys";

/// Returns whether all steps are done.
pub async fn are_done(connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    sqlx::query("SELECT 1 FROM upgrade_steps WHERE name = $1")
        .bind(EMAIL_KEYS)
        .fetch_optional(connection)
        .await
        .map(|row| row.is_some())
}

/// Does the steps that are not done yet, all or none.
pub async fn run(db: &Database) -> Result<(), sqlx::Error> {
    if are_done(&mut *db.read().await?).await? {
        return Ok(());
    }
    let mut transaction = db.begin().await?;
    // A second program waits here for the first.
    let begun = sqlx::query("INSERT INTO upgrade_steps (name) VALUES ($1) ON CONFLICT (name) DO NOTHING")
        .bind(EMAIL_KEYS)
        .execute(&mut *transaction)
        .await?;
    if begun.rows_affected() == 1 {
        renew_email_keys(&mut transaction).await?;
    }
    transaction.commit().await
}

/// An outdated key.
struct Stale {
    user: i64,
    username: String,
    key: String,
}

/// Recomputes the key of each account's address. If two accounts have confirmed the same mailbox,
/// both stay as they are: only the operator can know whose it is.
async fn renew_email_keys(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let mut stale = stale_keys(connection).await?;
    loop {
        let before = stale.len();
        let mut left = Vec::new();
        for row in stale {
            if !set_key(connection, &row).await? {
                left.push(row);
            }
        }
        // The conflicting key may itself be one that was about to change.
        stale = left;
        if stale.len() == before {
            break;
        }
    }
    for row in stale {
        let other = owner_of(connection, &row.key).await?;
        tracing::warn!(
            "The accounts {} and {other} have both confirmed the same mailbox, written in two ways. Both can \
             still log in by username; only {other} can by the address. Change the address of one of them.",
            row.username
        );
    }
    Ok(())
}

async fn stale_keys(connection: &mut AnyConnection) -> Result<Vec<Stale>, sqlx::Error> {
    const PAGE: i64 = 1000;
    let (mut stale, mut after) = (Vec::new(), i64::MIN);
    loop {
        let page: Vec<(i64, String, String, String)> = sqlx::query_as(
            "SELECT id, username, email, email_key FROM users WHERE id > $1 ORDER BY id LIMIT $2",
        )
        .bind(after)
        .bind(PAGE)
        .fetch_all(&mut *connection)
        .await?;
        let Some((last, ..)) = page.last() else {
            return Ok(stale);
        };
        after = *last;
        for (user, username, email, old) in page {
            let key = email_address::key(&email);
            if key != old {
                stale.push(Stale { user, username, key });
            }
        }
    }
}

/// Sets the key. Returns false if another account has confirmed the same mailbox.
async fn set_key(connection: &mut AnyConnection, row: &Stale) -> Result<bool, sqlx::Error> {
    sqlx::query(
        "UPDATE users SET email_key = $2 WHERE id = $1 AND (email_verified_at IS NULL OR NOT EXISTS \
         (SELECT 1 FROM users AS other WHERE other.email_key = $2 AND other.email_verified_at IS NOT NULL))",
    )
    .bind(row.user)
    .bind(&row.key)
    .execute(connection)
    .await
    .map(|done| done.rows_affected() == 1)
}

async fn owner_of(connection: &mut AnyConnection, key: &str) -> Result<String, sqlx::Error> {
    sqlx::query_as("SELECT username FROM users WHERE email_key = $1 AND email_verified_at IS NOT NULL")
        .bind(key)
        .fetch_one(connection)
        .await
        .map(|(username,)| username)
}
