//! Exports all groups and accounts as lines.

use std::io::Write;

use super::super::{
    lines::{self, ExportLine, FORMAT, UserLine, VERSION},
    progress::Progress,
    store::exports::{self, ExportRow},
};
use crate::{base::failure::Failure, site::AppState};

/// The numbers of exported rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Groups.
    pub groups: u64,
    /// Accounts.
    pub users: u64,
}

/// Writes all groups and all accounts as of one moment, with a thousand accounts in memory at a
/// time.
///
/// # Errors
/// A [`Failure`] when the database cannot be read or the output not written.
pub async fn export(
    site: &AppState,
    to: &mut (dyn Write + Send),
    progress: &Progress,
) -> Result<Exported, Failure> {
    const PAGE: i64 = 1000;
    // One transaction, so that no account is missing, duplicated or half changed.
    let mut snapshot = site.db.snapshot().await?;
    progress.expect(exports::count(&mut snapshot).await?);
    let at = lines::time(site.clock.now());
    write(to, &ExportLine::Header { format: FORMAT.to_owned(), version: VERSION, at })?;
    let mut exported = Exported { groups: 0, users: 0 };
    for (name, requires_second_factor, permissions) in exports::all_groups(&mut snapshot).await? {
        write(to, &ExportLine::Group { name, permissions, requires_second_factor })?;
        exported.groups += 1;
    }
    let mut after = i64::MIN;
    loop {
        let page = exports::page(&mut snapshot, after, PAGE).await?;
        let (Some(first), Some(last)) = (page.first().map(|row| row.id), page.last().map(|row| row.id))
        else {
            break;
        };
        let mut groups = exports::groups(&mut snapshot, first, last).await?;
        let mut permissions = exports::permissions(&mut snapshot, first, last).await?;
        after = last;
        progress.advance(page.len() as u64);
        progress.rows(page.len());
        exported.users += page.len() as u64;
        for row in page {
            let id = row.id;
            let user = UserLine {
                groups: groups.remove(&id).unwrap_or_default(),
                permissions: permissions.remove(&id).unwrap_or_default(),
                ..line(row)
            };
            write(to, &ExportLine::User(Box::new(user)))?;
        }
    }
    snapshot.rollback().await?;
    write(to, &ExportLine::End { groups: exported.groups, users: exported.users })?;
    to.flush().map_err(|error| Failure::start("write the file", error))?;
    Ok(exported)
}

fn line(row: ExportRow) -> UserLine {
    UserLine {
        username: row.username,
        email: row.email,
        email_verified_at: row.email_verified_at.map(lines::time),
        password_hash: row.password_hash,
        first_name: row.first_name,
        last_name: row.last_name,
        time_zone: row.time_zone,
        is_active: row.is_active == 1,
        is_staff: row.is_staff == 1,
        is_superuser: row.is_superuser == 1,
        date_joined: lines::time(row.date_joined),
        last_login: row.last_login.map(lines::time),
        delete_after: row.delete_after.map(lines::time),
        ..Default::default()
    }
}

fn write(to: &mut (dyn Write + Send), line: &ExportLine) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::start("write the file", error);
    serde_json::to_writer(&mut *to, line).map_err(|error| failed(error.into()))?;
    to.write_all(b"\n").map_err(failed)
}
