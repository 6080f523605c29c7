//! Imports from Django.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use tokio::sync::mpsc;

use super::super::{
    django::UserModel, dump, import_row::Batch, progress::Progress, report::TransferReport, store::django,
};
use super::import::{from_reader, outage, take_all};
use crate::{base::failure::Failure, site::AppState};

/// What to import.
pub struct DjangoImport {
    /// A dump or a database.
    pub file: PathBuf,
    /// The site's name, to tell several apart.
    pub source: String,
    /// The model of its users.
    pub user_model: UserModel,
    /// Whether to roll back at the end.
    pub dry_run: bool,
}

/// Imports users, groups, permissions and memberships. For rows imported before, takes over what
/// has changed in the source and not here.
///
/// # Errors
/// A [`Failure`] when the file is invalid or the database cannot be used; nothing is imported then.
pub async fn import_django(
    site: &AppState,
    import: DjangoImport,
    progress: &Progress,
    report: TransferReport,
) -> Result<TransferReport, Failure> {
    if is_database(&import.file)? {
        return from_database(site, import, progress.clone(), report).await;
    }
    let DjangoImport { file, source, user_model, dry_run } = import;
    let (progress, name) = (progress.clone(), file.display().to_string());
    from_reader(site, &source, dry_run, report, move |give| {
        let given = |batch: Batch| {
            progress.rows(batch.len());
            give(batch)
        };
        dump::read(&file, &user_model, &progress, given).map_err(|trouble| format!("{name}: {trouble}"))
    })
    .await
}

/// Recognises a SQLite database by its first bytes.
fn is_database(file: &Path) -> Result<bool, Failure> {
    const MAGIC: &[u8] = b"SQLite format 3\0";
    let mut begin = Vec::new();
    File::open(file)
        .and_then(|file| file.take(MAGIC.len() as u64).read_to_end(&mut begin))
        .map_err(|error| Failure::start(&format!("read {}", file.display()), error))?;
    Ok(begin == MAGIC)
}

async fn from_database(
    site: &AppState,
    import: DjangoImport,
    progress: Progress,
    report: TransferReport,
) -> Result<TransferReport, Failure> {
    const AHEAD: usize = 4;
    let DjangoImport { file, source, user_model, dry_run } = import;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reader = tokio::spawn(async move { django::read(&file, &user_model, &progress, &sender).await });
    let intake = take_all(site, &source, report, receiver).await?;
    match reader.await {
        Ok(Ok(())) => intake.finish(dry_run).await.map_err(outage),
        Ok(Err(failure)) => Err(failure),
        Err(error) => Err(Failure::start("read the file", error)),
    }
}
