//! The command `user`: accounts, for the operator.

use clap::Subcommand;

use super::propagation_notice;
use crate::{
    base::{config::Config, failure::Failure, moment::moment},
    people::{
        Filter,
        service::{self, Found, Group, Membership, PasswordState, User},
    },
    shared::error::AppError,
    site::AppState,
};

/// Subcommands of `user`.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Lists accounts, the oldest first: username, e-mail address, kind and last login, separated
    /// by tabs.
    List {
        /// Only accounts with this text in their username, address or name.
        #[arg(long, default_value = "")]
        search: String,
        /// Only members of this group.
        #[arg(long, default_value = "")]
        group: String,
        /// Only deactivated accounts.
        #[arg(long)]
        inactive: bool,
        /// Only staff.
        #[arg(long)]
        staff: bool,
        /// Only superusers.
        #[arg(long)]
        superusers: bool,
    },
    /// Shows an account's details.
    Show {
        /// Username or e-mail address.
        user: String,
    },
    /// Lets an account log in again.
    ///
    /// A running site notices immediately.
    Activate {
        /// Username or e-mail address.
        user: String,
    },
    /// Deactivates an account and ends all its sessions.
    ///
    /// A running site may accept a cached session for up to `sessions.cache_ttl` (60 seconds).
    Deactivate {
        /// Username or e-mail address.
        user: String,
    },
    /// Adds an account to a group.
    ///
    /// A running site notices within `sessions.cache_ttl` (60 seconds).
    AddToGroup {
        /// Username or e-mail address.
        user: String,
        /// The group's name.
        group: String,
    },
    /// Removes an account from a group.
    ///
    /// A running site notices within `sessions.cache_ttl` (60 seconds).
    RemoveFromGroup {
        /// Username or e-mail address.
        user: String,
        /// The group's name.
        group: String,
    },
}

/// Runs `user`.
///
/// # Errors
/// A [`Failure`] when there is no such account or group, or the database cannot be used.
pub async fn run(config: Config, command: UserCommand) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = match command {
        UserCommand::List { search, group, inactive, staff, superusers } => {
            list(&site, Filter { search, group, inactive, staff, superusers }).await
        }
        UserCommand::Show { user } => show(&site, &user).await,
        UserCommand::Activate { user } => set_active(&site, &user, true).await,
        UserCommand::Deactivate { user } => set_active(&site, &user, false).await,
        UserCommand::AddToGroup { user, group } => set_membership(&site, &user, &group, Membership::In).await,
        UserCommand::RemoveFromGroup { user, group } => {
            set_membership(&site, &user, &group, Membership::Out).await
        }
    };
    site.db.close().await;
    done
}

async fn list(site: &AppState, filter: Filter) -> Result<(), Failure> {
    let count = service::list_users(site, &filter, |user| {
        let last_login = user.last_login.map_or_else(|| "never".to_owned(), |at| moment(at).iso);
        super::print_line(&format!("{}\t{}\t{}\t{last_login}", user.username, user.email, kind(user)));
    });
    match count.await.map_err(outage)? {
        Some(count) => {
            eprintln!("{count} account(s).");
            Ok(())
        }
        None => Err(no_group(&filter.group)),
    }
}

fn kind(user: &User) -> String {
    let kinds = [
        (user.is_active == 0, "inactive"),
        (user.is_staff == 1, "staff"),
        (user.is_superuser == 1, "superuser"),
        (user.delete_after.is_some(), "deletion pending"),
    ];
    let kinds: Vec<_> = kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect();
    if kinds.is_empty() { "member".to_owned() } else { kinds.join(", ") }
}

async fn show(site: &AppState, typed: &str) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let facts = service::user_facts(site, &user).await.map_err(outage)?;
    let time = |at: Option<i64>| at.map_or_else(|| "never".to_owned(), |at| moment(at).text);
    let list = |items: &[String]| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let email = match (user.email.as_str(), user.email_verified_at) {
        ("", _) => "none".to_owned(),
        (email, Some(_)) => format!("{email} (confirmed)"),
        (email, None) => format!("{email} (not confirmed)"),
    };
    let password = match facts.password {
        PasswordState::Ours => "set",
        PasswordState::Imported => "set, imported; the hash is upgraded at the next login",
        PasswordState::None => "none: reset it by mail, or set it with `members-area changepassword`",
    };
    for (name, value) in [
        ("Username", user.username.clone()),
        ("Number", user.id.to_string()),
        ("Name", format!("{} {}", user.first_name, user.last_name).trim().to_owned()),
        ("Email address", email),
        ("Kind", kind(&user)),
        ("Password", password.to_owned()),
        ("Joined", time(Some(user.date_joined))),
        ("Last login", time(user.last_login)),
        ("Deletion due", time(user.delete_after)),
        ("Sessions", facts.sessions.to_string()),
        ("Groups", list(&facts.groups)),
        ("Permissions", list(&facts.permissions)),
    ] {
        super::print_line(&format!("{name}: {value}"));
    }
    Ok(())
}

async fn set_active(site: &AppState, typed: &str, is_active: bool) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let changed = service::set_active(site, &user, is_active).await.map_err(outage)?;
    let name = &user.username;
    println!(
        "{}",
        match (changed, is_active) {
            (true, true) => format!("User '{name}' activated."),
            (true, false) => {
                format!(
                    "User '{name}' deactivated, and all their sessions ended. {}",
                    propagation_notice(site)
                )
            }
            (false, true) => format!("User '{name}' was already active."),
            (false, false) => format!("User '{name}' was already inactive."),
        }
    );
    Ok(())
}

async fn set_membership(
    site: &AppState,
    typed: &str,
    group: &str,
    membership: Membership,
) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let group = find_group(site, group).await?;
    let changed = service::set_membership(site, &user, &group, membership).await.map_err(outage)?;
    let (name, group) = (&user.username, &group.name);
    println!(
        "{}",
        match (changed, membership) {
            (true, Membership::In) => {
                format!("User '{name}' added to the group '{group}'. {}", propagation_notice(site))
            }
            (true, Membership::Out) => {
                format!("User '{name}' removed from the group '{group}'. {}", propagation_notice(site))
            }
            (false, Membership::In) => format!("User '{name}' was already in the group '{group}'."),
            (false, Membership::Out) => format!("User '{name}' was not in the group '{group}'."),
        }
    );
    Ok(())
}

/// Returns the account with this username or e-mail address.
pub(super) async fn find(site: &AppState, typed: &str) -> Result<User, Failure> {
    match service::find_user(site, typed).await.map_err(outage)? {
        Found::One(user) => Ok(*user),
        Found::None => Err(Failure::message(format!("there is no user '{typed}'"))),
        Found::Several => {
            Err(Failure::message(format!("several accounts have the address '{typed}': give the username")))
        }
    }
}

/// Returns the group with this name.
pub(super) async fn find_group(site: &AppState, typed: &str) -> Result<Group, Failure> {
    service::find_group(site, typed).await.map_err(outage)?.ok_or_else(|| no_group(typed))
}

fn no_group(typed: &str) -> Failure {
    Failure::message(format!("there is no group '{typed}'"))
}

pub(super) fn outage(error: AppError) -> Failure {
    Failure::message(error.to_string())
}
