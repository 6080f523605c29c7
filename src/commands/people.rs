//! `createsuperuser` and `changepassword`: Django's, with its questions and its `--noinput`.

use std::io::{IsTerminal, Write, stdin, stdout};

use crate::{
    accounts::service::{self, NewAccount},
    error::AppError,
    forms::{Field, FormErrors, Secret},
    server::{Site, config::Config, failure::Failure},
};

/// `createsuperuser`. Without questions, username, e-mail and password come from SUPERUSER_USERNAME, SUPERUSER_EMAIL and
/// SUPERUSER_PASSWORD.
///
/// # Errors
/// When something is missing or refused.
pub async fn create_superuser(config: Config, no_input: bool) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = if no_input { from_environment(&site).await } else { by_asking(&site).await };
    site.db.close().await;
    done
}

async fn from_environment(site: &Site) -> Result<(), Failure> {
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
    println!("Superuser created successfully.");
    Ok(())
}

async fn by_asking(site: &Site) -> Result<(), Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::message("there is no terminal to ask at: use --noinput"));
    }
    let mut names: Option<(String, String)> = None;
    loop {
        let (username, email) = match names.take() {
            Some(names) => names,
            None => (ask("Username: ")?, ask("Email address: ")?),
        };
        let (password1, password2) = (ask_secretly("Password: ")?, ask_secretly("Password (again): ")?);
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
        // Django's question; two passwords that differ are never taken.
        let same = errors.of(Field::Password2).next().is_none() && !password1.expose().is_empty();
        if same
            && ask("Bypass password validation and create user anyway? [y/N]: ")?.eq_ignore_ascii_case("y")
        {
            service::create_superuser(site, account(&password1, &password2), false).await.map_err(refused)?;
            break;
        }
        names = Some((username, email));
    }
    println!("Superuser created successfully.");
    Ok(())
}

/// `changepassword`: ends all sessions of the account. Without a terminal the password is the first line of the input.
///
/// # Errors
/// When there is no such account, or the password is refused.
pub async fn change_password(config: Config, username: &str) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let password = if stdin().is_terminal() {
        let (first, second) = (ask_secretly("Password: ")?, ask_secretly("Password (again): ")?);
        if first != second {
            return Err(Failure::message("the two passwords differ: nothing was changed"));
        }
        first
    } else {
        Secret::new(read_line()?)
    };
    let changed = service::change_password(&site, username, &password).await.map_err(refused)?;
    site.db.close().await;
    match changed {
        Some(username) => {
            println!("Password changed successfully for user '{username}'. All their sessions have ended.");
            Ok(())
        }
        None => Err(Failure::message(format!("there is no user '{username}'"))),
    }
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
            eprintln!("{}: {problem}", field.name());
        }
    }
}

fn ask(question: &str) -> Result<String, Failure> {
    print!("{question}");
    stdout().flush().map_err(|error| Failure::start("write to the terminal", error))?;
    read_line()
}

fn read_line() -> Result<String, Failure> {
    let mut line = String::new();
    match stdin().read_line(&mut line) {
        Ok(0) => Err(Failure::message("the input ended")),
        Ok(_) => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Err(error) => Err(Failure::start("read from the terminal", error)),
    }
}

fn ask_secretly(question: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(question)
        .map(Secret::new)
        .map_err(|error| Failure::start("read the password from the terminal", error))
}
