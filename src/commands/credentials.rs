//! The commands `createsuperuser` and `changepassword`, with the questions and the `--noinput` of
//! Django's.

use std::io::{IsTerminal, Write, stdin, stdout};

use rustix::termios::{self, LocalModes, OptionalActions, Termios};

use super::PROPAGATION_NOTICE;
use crate::{
    accounts::service::{self, NewAccount, NewPassword},
    admin::users::service as users,
    base::{config::Config, console, failure::Failure},
    shared::{
        error::AppError,
        forms::{Field, FormErrors, Secret},
    },
    site::AppState,
};

/// Runs `createsuperuser`. With `--noinput`, username, email address and password come from
/// SUPERUSER_USERNAME, SUPERUSER_EMAIL and SUPERUSER_PASSWORD.
///
/// # Errors
/// A [`Failure`] when a value is missing or invalid, or the database cannot be used.
pub async fn create_superuser(config: Config, no_input: bool) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = if no_input { from_environment(&site).await } else { interactively(&site).await };
    site.db.close().await;
    done
}

async fn from_environment(site: &AppState) -> Result<(), Failure> {
    let read = |name: &str| {
        std::env::var(name)
            .map_err(|_| Failure::message(format!("set {name}: --noinput takes it from the environment")))
    };
    let password = Secret::new(read("SUPERUSER_PASSWORD")?);
    let typed = NewAccount {
        username: read("SUPERUSER_USERNAME")?,
        email: read("SUPERUSER_EMAIL")?,
        password1: password.clone(),
        password2: password,
    };
    service::create_superuser(site, typed, true).await.map_err(refused)?;
    console::print("Superuser created successfully.");
    Ok(())
}

async fn interactively(site: &AppState) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::message("there is no terminal to ask questions: use --noinput"));
    }
    let mut names: Option<(String, String)> = None;
    loop {
        let (username, email) = match names.take() {
            Some(names) => names,
            None => ask_for_names(site).await?,
        };
        console::print(site.password_rules.shown().help("your"));
        let (password1, password2) =
            (ask_password("Password: ").await?, ask_password("Password (again): ").await?);
        let account = |password1: &Secret, password2: &Secret| NewAccount {
            username: username.clone(),
            email: email.clone(),
            password1: password1.clone(),
            password2: password2.clone(),
        };
        let errors = match service::create_superuser(site, account(&password1, &password2), true).await {
            Ok(_) => break,
            Err(AppError::Invalid(errors)) => errors,
            Err(error) => return Err(refused(error)),
        };
        print_errors(&errors);
        let only_password =
            [Field::Username, Field::Email].iter().all(|field| errors.of(*field).next().is_none());
        if !only_password {
            continue;
        }
        // Django asks this too; two different passwords are never accepted.
        let same = errors.of(Field::Password2).next().is_none() && !password1.expose().is_empty();
        if same
            && ask("Bypass password validation and create user anyway? [y/N]: ")
                .await?
                .eq_ignore_ascii_case("y")
        {
            service::create_superuser(site, account(&password1, &password2), false).await.map_err(refused)?;
            break;
        }
        names = Some((username, email));
    }
    console::print("Superuser created successfully.");
    Ok(())
}

/// Asks again for each value until it is valid.
async fn ask_for_names(site: &AppState) -> Result<(String, String), Failure> {
    let username = loop {
        let username = ask("Username: ").await?;
        match service::check_username(site, &username).await {
            Ok(()) => break username,
            Err(AppError::Invalid(errors)) => print_errors(&errors),
            Err(error) => return Err(refused(error)),
        }
    };
    loop {
        let email = ask("Email address: ").await?;
        match service::check_email(site, &email).await {
            Ok(()) => return Ok((username, email)),
            Err(AppError::Invalid(errors)) => print_errors(&errors),
            Err(error) => return Err(refused(error)),
        }
    }
}

/// Runs `changepassword`, which ends all sessions of the account. Without a terminal, the password
/// is the first line of the input. Without a name, the account is the one named like the operating
/// system's user, as in Django.
///
/// # Errors
/// A [`Failure`] when there is no such account, the password is invalid, or the database cannot be
/// used.
pub async fn change_password(config: Config, username: Option<String>) -> Result<(), Failure> {
    let login = match username.or_else(system_user) {
        Some(login) => login,
        None => {
            return Err(Failure::message(
                "no username given and none found in the environment: name the account",
            ));
        }
    };
    let site = super::open(config).await?;
    let done = set_password(&site, &login).await;
    site.db.close().await;
    let username = done?;
    console::print(format_args!(
        "Password changed successfully for user '{username}', and all their sessions were ended. {PROPAGATION_NOTICE}"
    ));
    Ok(())
}

/// Returns the operating system's user, by the variables that Python's `getpass` reads.
fn system_user() -> Option<String> {
    ["LOGNAME", "USER", "LNAME", "USERNAME"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
}

/// Sets the password and returns the account's username.
async fn set_password(site: &AppState, login: &str) -> Result<String, Failure> {
    /// Attempts at a terminal, as in Django.
    const TRIES: u32 = 3;
    let user = super::accounts::find(site, login).await?;
    let change = async |password1: Secret, password2: Secret| {
        users::change_password(site, &user, &NewPassword { password1, password2 }).await
    };
    if !stdin().is_terminal() {
        let password = Secret::new(next_line().await?);
        change(password.clone(), password).await.map_err(refused)?;
        return Ok(user.username);
    }
    console::print(format_args!("Changing password for user '{}'", user.username));
    console::print(site.password_rules.shown().help("their"));
    for _ in 0..TRIES {
        let (first, second) = (ask_password("Password: ").await?, ask_password("Password (again): ").await?);
        if first != second {
            console::note("Passwords do not match. Please try again.");
            continue;
        }
        match change(first, second).await {
            Ok(()) => return Ok(user.username),
            Err(AppError::Invalid(errors)) => print_errors(&errors),
            Err(error) => return Err(refused(error)),
        }
    }
    Err(Failure::message(format!(
        "the password of user '{}' was not changed, after {TRIES} attempts",
        user.username
    )))
}

fn refused(error: AppError) -> Failure {
    match error {
        AppError::Invalid(errors) => {
            print_errors(&errors);
            Failure::message("nothing was changed")
        }
        error => Failure::message(error.to_string()),
    }
}

fn print_errors(errors: &FormErrors) {
    for field in [Field::Form, Field::Username, Field::Email, Field::Password1, Field::Password2] {
        for problem in errors.of(field) {
            console::note(format_args!("{}: {problem}", field.name()));
        }
    }
}

async fn ask(question: &str) -> Result<String, Failure> {
    console::print_part(question);
    stdout().flush().map_err(|error| Failure::start("write to the terminal", error))?;
    next_line().await
}

/// Reads a line on a separate thread, so that Ctrl-C ends the program in order and restores the
/// terminal's echo.
async fn next_line() -> Result<String, Failure> {
    let (send, line) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().read_line(&mut line).map(|count| (count, line));
        let _ = send.send(read);
    });
    let line = tokio::select! {
        line = line => line.map_err(|error| Failure::start("read from the terminal", error))?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::message("interrupted: nothing was changed")),
    };
    match line {
        Ok((0, _)) => Err(Failure::message("unexpected end of input")),
        Ok((_, line)) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(Failure::start("read from the terminal", error)),
    }
}

/// Asks for a password. Echo is off before the question appears, so that a fast answer is not
/// shown.
async fn ask_password(question: &str) -> Result<Secret, Failure> {
    let silence =
        Silence::begin().map_err(|error| Failure::start("read the password from the terminal", error))?;
    let line = ask(question).await;
    drop(silence);
    console::print("");
    line.map(Secret::new)
}

/// Turns the terminal's echo off until dropped.
struct Silence(Termios);

impl Silence {
    fn begin() -> rustix::io::Result<Self> {
        let before = termios::tcgetattr(stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        termios::tcsetattr(stdin(), OptionalActions::Drain, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // The terminal may be gone; nothing can be done then.
        let _ = termios::tcsetattr(stdin(), OptionalActions::Drain, &self.0);
    }
}
