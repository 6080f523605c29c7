//! Imports our own file format.

use std::io::{BufRead, Read};

use tokio::sync::mpsc;

use super::super::{
    import_row::{BATCH, Batch, ImportRow, IncomingGroup},
    kind::{self, Expected},
    lines::{ExportLine, FORMAT, VERSION},
    progress::Progress,
    report::TransferReport,
};
use super::importer::Importer;
use crate::{base::failure::Failure, shared::error::AppError, site::AppState};

/// Imports all accounts and groups of the file that are not here yet. Those whose names are here
/// stay as they are.
///
/// # Errors
/// A [`Failure`] when the file is invalid or the database cannot be used; nothing is imported then.
pub async fn import(
    site: &AppState,
    from: impl BufRead + Send + 'static,
    dry_run: bool,
    progress: &Progress,
    report: TransferReport,
) -> Result<TransferReport, Failure> {
    let progress = progress.clone();
    from_reader(site, "", dry_run, report, move |give| read(from, &progress, give)).await
}

/// Reads on a thread of its own, because parsing blocks, and writes the batches. The reader is at
/// most a few batches ahead.
pub(super) async fn from_reader(
    site: &AppState,
    source: &str,
    dry_run: bool,
    report: TransferReport,
    read: impl FnOnce(&mut dyn FnMut(Batch) -> bool) -> Result<(), String> + Send + 'static,
) -> Result<TransferReport, Failure> {
    const AHEAD: usize = 4;
    let (sender, receiver) = mpsc::channel(AHEAD);
    let reader = tokio::task::spawn_blocking(move || read(&mut |batch| sender.blocking_send(batch).is_ok()));
    let intake = take_all(site, source, report, receiver).await?;
    match reader.await {
        Ok(Ok(())) => intake.finish(dry_run).await.map_err(outage),
        Ok(Err(trouble)) => Err(Failure::message(format!("{trouble} (nothing was imported)"))),
        Err(error) => Err(Failure::start("read the file", error)),
    }
}

/// Writes all batches. An error drops the receiver, which also ends the reader.
pub(super) async fn take_all(
    site: &AppState,
    source: &str,
    report: TransferReport,
    mut receiver: mpsc::Receiver<Batch>,
) -> Result<Importer, Failure> {
    let mut intake = Importer::begin(site, source, report).await.map_err(outage)?;
    while let Some(batch) = receiver.recv().await {
        intake.take(batch).await.map_err(outage)?;
    }
    Ok(intake)
}

pub(super) fn outage(error: AppError) -> Failure {
    if let AppError::Invalid(_) = error {
        let sentence =
            "a username or an address was taken during the import: run it again (nothing was imported)";
        return Failure::message(sentence);
    }
    Failure::message(format!("{error} (nothing was imported)"))
}

/// The maximum bytes of a line: more than any account with its groups needs.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

fn read(
    mut from: impl BufRead,
    progress: &Progress,
    give: &mut dyn FnMut(Batch) -> bool,
) -> Result<(), String> {
    kind::begin(&mut from, Expected::Lines)?;
    let (mut number, mut line, mut state) = (0_u64, Vec::new(), State::default());
    loop {
        line.clear();
        let count = Read::by_ref(&mut from)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut line)
            .map_err(|error| format!("the file cannot be read: {error}"))?;
        if count == 0 {
            break;
        }
        number += 1;
        progress.advance(count as u64);
        if line.trim_ascii().is_empty() {
            continue;
        }
        let parsed = serde_json::from_slice(&line).map_err(|error| error.to_string());
        match parsed.and_then(|line| state.take(line, progress)) {
            Ok(Some(batch)) => {
                if !give(batch) {
                    return Err("the import has stopped".to_owned());
                }
            }
            Ok(None) => {}
            // Escaped, because it may quote the file and goes to a terminal.
            Err(trouble) => return Err(format!("line {number}: {}", trouble.escape_debug())),
        }
    }
    match state.is_over {
        true => Ok(()),
        false => Err(format!("the file ends after line {number}, before its last line: it is truncated")),
    }
}

/// The state of reading a file.
#[derive(Default)]
struct State {
    has_begun: bool,
    is_over: bool,
    groups: Vec<IncomingGroup>,
    group_count: u64,
    users: Vec<ImportRow>,
    user_count: u64,
}

impl State {
    fn take(&mut self, line: ExportLine, progress: &Progress) -> Result<Option<Batch>, String> {
        if self.is_over {
            return Err("this comes after the last line".to_owned());
        }
        match line {
            ExportLine::Header { format, version, .. } if !self.has_begun => {
                if format != FORMAT || version > VERSION {
                    return Err(format!("this program reads {FORMAT} up to version {VERSION}"));
                }
                self.has_begun = true;
                Ok(None)
            }
            _ if !self.has_begun => Err("the first line must state the format".to_owned()),
            ExportLine::Header { .. } => Err("this is a first line".to_owned()),
            ExportLine::Group { name, permissions, requires_second_factor } if self.user_count == 0 => {
                self.group_count += 1;
                let (key, notes) = (String::new(), Vec::new());
                self.groups.push(IncomingGroup { key, name, permissions, requires_second_factor, notes });
                Ok((self.groups.len() == BATCH).then(|| Batch::Groups(std::mem::take(&mut self.groups))))
            }
            ExportLine::Group { .. } => Err("groups must come before all accounts".to_owned()),
            ExportLine::User(user) => {
                self.user_count += 1;
                progress.rows(1);
                let name = user.username.clone();
                self.users.push(ImportRow { key: String::new(), name, found: user.raw(), notes: Vec::new() });
                // The remaining groups go first; the account waits for the next batch.
                if !self.groups.is_empty() {
                    return Ok(Some(Batch::Groups(std::mem::take(&mut self.groups))));
                }
                Ok((self.users.len() >= BATCH).then(|| Batch::Users(std::mem::take(&mut self.users))))
            }
            ExportLine::End { groups, users } => {
                if (groups, users) != (self.group_count, self.user_count) {
                    return Err(
                        "the numbers of groups and accounts differ from those it states: it is not complete"
                            .to_owned(),
                    );
                }
                self.is_over = true;
                let rest = if self.users.is_empty() {
                    Batch::Groups(std::mem::take(&mut self.groups))
                } else {
                    Batch::Users(std::mem::take(&mut self.users))
                };
                Ok(Some(rest))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"header":{"format":"members-area","version":1,"at":"2026-01-01T00:00:00.000Z"}}"#;
    const ADA: &str = r#"{"user":{"username":"ada","email":"","password_hash":"!","first_name":"","last_name":"","is_active":true,"is_staff":false,"is_superuser":false,"date_joined":"2026-01-01T00:00:00.000Z","groups":["a"],"permissions":[]}}"#;
    const GROUP: &str = r#"{"group":{"name":"a","permissions":[]}}"#;

    fn lengths(lines: &[&str]) -> Result<Vec<usize>, String> {
        let mut lengths = Vec::new();
        let text = lines.join("\n");
        read(std::io::Cursor::new(text), &Progress::default(), &mut |batch| {
            lengths.push(batch.len());
            true
        })?;
        Ok(lengths)
    }

    #[test]
    fn a_whole_file() {
        let end = r#"{"end":{"groups":1,"users":2}}"#;
        assert_eq!(lengths(&[HEAD, GROUP, ADA, ADA, end]), Ok(vec![1, 2]));
        assert_eq!(lengths(&[HEAD, GROUP, r#"{"end":{"groups":1,"users":0}}"#]), Ok(vec![1]));
        let many: Vec<&str> = std::iter::once(HEAD).chain(std::iter::repeat_n(ADA, 450)).collect();
        let end = r#"{"end":{"groups":0,"users":450}}"#;
        assert_eq!(lengths(&[many.as_slice(), &[end]].concat()), Ok(vec![200, 200, 50]));
    }

    #[test]
    fn incomplete_and_foreign_files_are_refused() {
        let end = r#"{"end":{"groups":0,"users":1}}"#;
        for (lines, said) in [
            (vec![], "it is empty"),
            (vec![HEAD, ADA], "before its last line"),
            (vec![HEAD, end], "line 2: the numbers"),
            (vec![HEAD, ADA, end, ADA], "line 4: this comes after"),
            (vec![ADA, end], "line 1: the first line"),
            (vec![HEAD, ADA, GROUP, end], "line 3: groups"),
            (vec![HEAD, HEAD], "line 2: this is a first line"),
            (vec![HEAD, "{}"], "line 2: "),
            (vec![HEAD, r#"{"user":{"username":"ada"}}"#], "line 2: missing field"),
            (vec![HEAD, &ADA.replace("\"email\"", "\"is_root\"")], "line 2: unknown field"),
            (vec![r#"{"header":{"format":"members-area","version":2,"at":""}}"#], "up to version 1"),
            (vec![r#"{"header":{"format":"other","version":1,"at":""}}"#], "this program reads"),
            (vec![HEAD, &"x".repeat(3_000_000)], "line 2: "),
        ] {
            let found = lengths(&lines).expect_err("refused");
            assert!(found.contains(said), "{found}, not {said}");
        }
    }
}
