//! The commands `export`, `import` and `import django`.

use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, BufWriter},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{progress, report::Printer};
use crate::{
    base::{
        backup::{self, Partial},
        config::Config,
        console,
        failure::Failure,
    },
    site::AppState,
    transfer::{
        django::{UserModel, is_name},
        progress::Progress,
        report::TransferReport,
        service::{self, DjangoImport, Exported},
    },
};

/// Arguments of `export`.
#[derive(Args)]
pub struct Export {
    /// The file; `-` for standard output. It contains password hashes: keep it secret.
    file: PathBuf,
    /// Replaces an existing file.
    #[arg(long)]
    force: bool,
}

/// Arguments of `import`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Import {
    /// A file written by `export`; `-` for standard input.
    #[arg(required = true)]
    file: Option<PathBuf>,
    #[command(flatten)]
    how: How,
    #[command(subcommand)]
    from: Option<From>,
}

/// Options of both imports.
#[derive(Args, Clone, Copy)]
pub struct How {
    /// Does everything and rolls it back at the end; the report says what would have happened.
    #[arg(long)]
    dry_run: bool,
    /// Writes the report as one JSON object, with every rejected row and every warning.
    #[arg(long)]
    json: bool,
    /// Counts refused rows as success. Without this option, the exit status is not 0 if rows were
    /// refused, though the others are imported.
    #[arg(long)]
    allow_refused: bool,
}

/// Other kinds of site to import from.
#[derive(Subcommand)]
pub enum From {
    /// Imports users, groups, permissions and memberships of a Django site.
    ///
    /// Members keep their passwords, and set up their second factors again. The import can be
    /// repeated: it takes over what has changed there since, unless it was changed here too. It
    /// imports everything or nothing. While it runs, others can read but not write: run it when
    /// the site is quiet. See docs/moving-in.md.
    Django(Django),
}

/// Arguments of `import django`.
#[derive(Args)]
pub struct Django {
    /// A JSON file written by `manage.py dumpdata`, or the site's SQLite database.
    file: PathBuf,
    /// The site's user model, if it has a custom one: `app.model`.
    #[arg(long, default_value = "auth.user")]
    user_model: String,
    /// The column of the user model that becomes the username. Where it is empty or missing, the
    /// email address is used.
    #[arg(long, default_value = "username")]
    username_field: String,
    /// A name for the site; needed if several are imported.
    #[arg(long, default_value = "django")]
    source: String,
    #[command(flatten)]
    how: How,
}

/// Runs `export`.
///
/// # Errors
/// A [`Failure`] when the file exists and `--force` is not given, when it cannot be written, or
/// when the database cannot be used.
pub async fn export(config: Config, export: Export) -> Result<(), Failure> {
    // Not even with --force.
    if backup::file_of(&config.database).is_ok_and(|database| backup::is_same(&database, &export.file)) {
        return Err(Failure::message("this file is the database itself"));
    }
    let site = super::open(config).await?;
    let done = tokio::select! {
        done = write(&site, &export) => done,
        // A partial file would still contain password hashes.
        _ = tokio::signal::ctrl_c() => Err(Failure::message("interrupted: nothing was written")),
    };
    site.db.close().await;
    let Exported { groups, users } = done?;
    console::note(format_args!("{users} account(s) and {groups} group(s) written."));
    Ok(())
}

async fn write(site: &AppState, export: &Export) -> Result<Exported, Failure> {
    let progress = Progress::default();
    if export.file == Path::new("-") {
        let shown = progress::show(&progress, "Writing");
        let done = service::export(site, &mut BufWriter::new(std::io::stdout()), &progress).await;
        shown.end();
        return done;
    }
    let name = export.file.display();
    if export.file.exists() && !export.force {
        return Err(Failure::message(format!("{name} exists already: --force replaces it")));
    }
    let trouble = |error: std::io::Error| Failure::start(&format!("write {name}"), error);
    // The file gets its name only when it is complete.
    let partial = Partial::beside(&export.file)?;
    let file = OpenOptions::new().write(true).open(&partial.0).map_err(trouble)?;
    let mut writer = BufWriter::new(file);
    let shown = progress::show(&progress, "Writing");
    let done = service::export(site, &mut writer, &progress).await;
    shown.end();
    let exported = done?;
    writer.get_ref().sync_all().map_err(trouble)?;
    backup::rename(&partial.0, &export.file)?;
    Ok(exported)
}

/// Runs `import`.
///
/// # Errors
/// A [`Failure`] when the file is invalid, rows were refused without `--allow-refused`, or the
/// database cannot be used.
pub async fn import(config: Config, import: Import) -> Result<(), Failure> {
    match import.from {
        Some(From::Django(django)) => {
            let mut user_model = UserModel::parse(&django.user_model).ok_or_else(|| {
                Failure::message("--user-model must be written as app.model, like users.CustomUser")
            })?;
            if !is_name(&django.username_field) {
                return Err(Failure::message(
                    "--username-field must be the name of a column, such as username or email",
                ));
            }
            user_model.username = Some(django.username_field);
            if django.source.is_empty() || django.source.len() > 100 {
                return Err(Failure::message("--source must be a name of 1 to 100 characters"));
            }
            let (file, source, dry_run) = (django.file, django.source, django.how.dry_run);
            let import = DjangoImport { file, source, user_model, dry_run };
            run(config, django.how, |site, progress, report| async move {
                service::import_django(&site, import, &progress, report).await
            })
            .await
        }
        None => {
            let file = import.file.unwrap_or_default();
            let dry_run = import.how.dry_run;
            run(config, import.how, |site, progress, report| async move {
                let from = open(&file, &progress)?;
                service::import(&site, from, dry_run, &progress, report).await
            })
            .await
        }
    }
}

fn open(file: &Path, progress: &Progress) -> Result<Box<dyn BufRead + Send>, Failure> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).and_then(|file| Ok((file.metadata()?.len(), file)));
    let (length, opened) =
        opened.map_err(|error| Failure::start(&format!("read {}", file.display()), error))?;
    progress.expect(length);
    Ok(Box::new(BufReader::new(opened)))
}

async fn run<F: Future<Output = Result<TransferReport, Failure>>>(
    config: Config,
    how: How,
    import: impl FnOnce(AppState, Progress, TransferReport) -> F,
) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let progress = Progress::default();
    let shown = progress::show(&progress, if how.dry_run { "Importing (dry run)" } else { "Importing" });
    let printer = Printer::new(how.json, shown.line_printer());
    let each = printer.clone();
    let done = import(site.clone(), progress, TransferReport::new(move |row| each.row(row))).await;
    shown.end();
    site.db.close().await;
    printer.end(done.as_ref().map(|report| report.totals), how.dry_run);
    let refused = done?.totals.refused();
    if refused > 0 && !how.allow_refused {
        let (verb, rest) =
            if how.dry_run { ("would be", "would be imported") } else { ("were", "was imported") };
        return Err(Failure::message(format!(
            "{refused} row(s) {verb} refused, everything else {rest}; --allow-refused counts this as success"
        )));
    }
    Ok(())
}
