//! Prints an import's report for people or as JSON. Rows are printed as they come, so that a
//! million of them need no memory.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use serde_json::json;

use crate::{
    base::failure::Failure,
    transfer::report::{ReportRow, Tally, Totals},
};

/// Rows shown to people; any more are only counted.
const ROWS_SHOWN: u64 = 200;

/// Prints a report. Clones print to the same one.
#[derive(Clone)]
pub struct Printer(Arc<Inner>);

struct Inner {
    is_json: bool,
    rows: AtomicU64,
    print: Box<dyn Fn(&str) + Send + Sync>,
}

impl Printer {
    /// Creates a printer that passes each line to `print`.
    pub fn new(is_json: bool, print: impl Fn(&str) + Send + Sync + 'static) -> Self {
        let printer = Self(Arc::new(Inner { is_json, rows: AtomicU64::new(0), print: Box::new(print) }));
        if is_json {
            (printer.0.print)("{\"rows\": [");
        }
        printer
    }

    /// Prints a message about a row.
    pub fn row(&self, row: &ReportRow) {
        let before = self.0.rows.fetch_add(1, Ordering::Relaxed);
        if self.0.is_json {
            let between = if before == 0 { "" } else { "," };
            (self.0.print)(&format!("{between}{}", serde_json::to_string(row).unwrap_or_default()));
        } else if before < ROWS_SHOWN {
            // Escaped, because it comes from a file and goes to a terminal.
            let ReportRow { kind, key, name, is_refused, reason } = row;
            // A key derived from the name adds nothing.
            let is_key = !key.is_empty() && !key.starts_with("name:");
            let key = if is_key { format!(" ({})", key.escape_debug()) } else { String::new() };
            let verb = if *is_refused { "refused: " } else { "" };
            (self.0.print)(&format!("{kind} {name:?}{key}: {verb}{reason}"));
        }
    }

    /// Prints the totals.
    pub fn end(&self, totals: Result<Totals, &Failure>, dry_run: bool) {
        if self.0.is_json {
            let end = match totals {
                Ok(totals) => json!({ "totals": totals, "dry_run": dry_run }),
                Err(failure) => json!({ "error": failure.to_string() }),
            };
            let end = end.to_string();
            (self.0.print)(&format!("], {}", end.strip_prefix('{').unwrap_or(&end)));
            return;
        }
        let rows = self.0.rows.load(Ordering::Relaxed);
        if rows > ROWS_SHOWN {
            (self.0.print)(&format!("… and {} more: --json lists all", rows - ROWS_SHOWN));
        }
        if let Ok(totals) = totals {
            self.print_counts(&totals, dry_run);
        }
    }

    fn print_counts(&self, totals: &Totals, dry_run: bool) {
        let line = |what: &str, tally: &Tally| {
            let Tally { taken, changed, unchanged, refused } = tally;
            format!("{what}: {taken} imported, {changed} changed, {unchanged} unchanged, {refused} refused")
        };
        let passwords = &totals.passwords;
        (self.0.print)(&line("Users", &totals.users));
        (self.0.print)(&line("Groups", &totals.groups));
        (self.0.print)(&format!(
            "Passwords of imported users: {} kept, {} had none, {} must be reset by mail",
            passwords.kept, passwords.unusable, passwords.to_be_reset
        ));
        (self.0.print)(&format!("Addresses confirmed: {}", totals.addresses_confirmed));
        if dry_run {
            (self.0.print)("This was a dry run: nothing was changed.");
        }
    }
}
