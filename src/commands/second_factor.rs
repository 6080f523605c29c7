//! The command `user second-factor`.

use clap::Args;

use super::{
    PROPAGATION_NOTICE,
    accounts::{change, find, named},
};
use crate::{
    accounts::service::factors::{self, Factor},
    base::{console, failure::Failure, member::UserId, moment::moment},
    site::AppState,
};

/// Arguments of `user second-factor`.
#[derive(Args)]
pub struct Arguments {
    /// Username or email address.
    user: String,
    /// Lists them: kind, since when, last use.
    #[arg(long, required_unless_present = "reset")]
    list: bool,
    /// Removes the authenticator app, all recovery codes and passkeys, ends all sessions, and mails
    /// the owner.
    #[arg(long, conflicts_with = "list", requires = "reason")]
    reset: bool,
    /// Why, for the audit log.
    #[arg(long)]
    reason: Option<String>,
}

/// Runs `user second-factor`.
///
/// # Errors
/// A [`Failure`] when there is no such account, or the database cannot be used.
pub async fn run(site: &AppState, arguments: Arguments) -> Result<(), Failure> {
    let user = find(site, &arguments.user).await?;
    let name = &user.username;
    if !arguments.reset {
        let listed = factors::list(site, UserId(user.id)).await;
        let listed = listed.map_err(|error| Failure::message(error.to_string()))?;
        listed.iter().for_each(|factor| console::list(line(factor)));
        console::note(format_args!("{} factor(s) of user '{name}'.", listed.len()));
        return Ok(());
    }
    let reason = arguments.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() || reason.chars().any(char::is_control) {
        return Err(Failure::message("--reason must be one line of text"));
    }
    let reset = change(site, async |edit| edit.reset_second_factor(named(&user), reason).await);
    console::print(match reset.await? {
        true => format!(
            "The second factor of user '{name}' was removed, and all their sessions ended. {PROPAGATION_NOTICE}"
        ),
        false => format!("User '{name}' has no second factor."),
    });
    Ok(())
}

fn line(factor: &Factor) -> String {
    let time = |at: Option<i64>, none: &str| at.map_or_else(|| none.to_owned(), |at| moment(at).iso);
    let last_used = time(factor.last_used_at, "never used");
    format!("{}\t{}\t{last_used}", factor.kind, time(factor.confirmed_at, "not confirmed"))
}
