//! The commands `group`, `grant`, `revoke` and `permissions`.

use clap::{Args, Subcommand};

use super::{
    propagation_notice,
    user::{find, find_group, outage},
};
use crate::{
    base::{config::Config, failure::Failure, member::Permission, permission_hint::probably_meant},
    people::{
        Filter,
        service::{self, Group, Target},
    },
    shared::error::AppError,
    site::AppState,
};

/// Subcommands of `group`.
#[derive(Subcommand)]
pub enum GroupCommand {
    /// Lists groups by name, with the number of their members.
    List,
    /// Shows a group's permissions and members.
    Show {
        /// The group's name.
        group: String,
    },
    /// Creates a group.
    Add {
        /// The group's name.
        group: String,
    },
    /// Deletes a group; its members stay.
    ///
    /// A running site notices within `sessions.cache_ttl` (60 seconds).
    Delete {
        /// The group's name.
        group: String,
    },
}

/// Arguments of `grant` and `revoke`.
#[derive(Args)]
pub struct Grant {
    /// A user: username or e-mail address.
    #[arg(long, required_unless_present = "group", conflicts_with = "group")]
    user: Option<String>,
    /// A group's name.
    #[arg(long)]
    group: Option<String>,
    /// The permission, as `app.codename`.
    permission: String,
}

/// Runs `group`.
///
/// # Errors
/// A [`Failure`] when there is no such group, or the database cannot be used.
pub async fn run(config: Config, command: GroupCommand) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = match command {
        GroupCommand::List => list(&site).await,
        GroupCommand::Show { group } => show(&site, &group).await,
        GroupCommand::Add { group } => add(&site, &group).await,
        GroupCommand::Delete { group } => delete(&site, &group).await,
    };
    site.db.close().await;
    done
}

async fn list(site: &AppState) -> Result<(), Failure> {
    for group in service::groups(site).await.map_err(outage)? {
        super::print_line(&format!("{}\t{} member(s)", group.name, group.members));
    }
    Ok(())
}

async fn show(site: &AppState, typed: &str) -> Result<(), Failure> {
    let group = find_group(site, typed).await?;
    let facts = service::group_facts(site, &group).await.map_err(outage)?;
    super::print_line(&format!("Group: {}", group.name));
    for permission in facts.permissions {
        super::print_line(&format!("Permission: {permission}"));
    }
    let filter = Filter { group: group.name, ..Default::default() };
    let listed = service::list_users(site, &filter, |user| {
        super::print_line(&format!("Member: {}", user.username));
    });
    listed.await.map_err(outage).map(drop)
}

async fn add(site: &AppState, typed: &str) -> Result<(), Failure> {
    match service::add_group(site, typed).await {
        Ok(Some(name)) => {
            println!("Group '{name}' created.");
            Ok(())
        }
        Ok(None) => Err(Failure::message(format!("a group '{typed}' already exists"))),
        Err(AppError::BadRequest) => {
            Err(Failure::message("a group's name must have 1 to 150 characters, none of them invisible"))
        }
        Err(error) => Err(outage(error)),
    }
}

async fn delete(site: &AppState, typed: &str) -> Result<(), Failure> {
    let group = find_group(site, typed).await?;
    service::delete_group(site, &group).await.map_err(outage)?;
    let Group { name, members, .. } = group;
    println!("Group '{name}' deleted, with {members} membership(s). {}", propagation_notice(site));
    Ok(())
}

/// Runs `grant`, or `revoke` if `gives` is false.
///
/// # Errors
/// A [`Failure`] when there is no such user, group or permission, or the database cannot be used.
pub async fn grant(config: Config, grant: Grant, gives: bool) -> Result<(), Failure> {
    let site = super::open(config).await?;
    let done = set(&site, &grant, gives).await;
    site.db.close().await;
    done
}

async fn set(site: &AppState, grant: &Grant, gives: bool) -> Result<(), Failure> {
    let permission = &grant.permission;
    let (who, changed) = match (&grant.user, &grant.group) {
        (Some(user), _) => {
            let user = find(site, user).await?;
            (format!("User '{}'", user.username), change(site, Target::User(&user), permission, gives).await?)
        }
        (None, group) => {
            let group = find_group(site, group.as_deref().unwrap_or_default()).await?;
            (format!("Group '{}'", group.name), change(site, Target::Group(&group), permission, gives).await?)
        }
    };
    println!(
        "{}",
        match (changed, gives) {
            (true, true) =>
                format!("{who} now has the permission '{permission}'. {}", propagation_notice(site)),
            (true, false) => {
                format!("{who} no longer has the permission '{permission}'. {}", propagation_notice(site))
            }
            (false, true) => format!("{who} already had the permission '{permission}'."),
            (false, false) => format!("{who} did not have the permission '{permission}'."),
        }
    );
    Ok(())
}

async fn change(site: &AppState, target: Target<'_>, permission: &str, gives: bool) -> Result<bool, Failure> {
    let done = match (gives, Permission::from_codename(permission)) {
        (true, Some(permission)) => service::grant(site, target, permission).await,
        (true, None) => return Err(unknown(permission)),
        (false, _) => service::revoke(site, target, permission).await,
    };
    done.map_err(|error| match error {
        AppError::BadRequest => Failure::message(format!(
            "'{permission}' is not a permission: write it as app.codename, like accounts.view_user"
        )),
        error => outage(error),
    })
}

/// Runs `permissions`: lists them, one per line.
pub fn list_permissions() {
    for permission in Permission::ALL {
        super::print_line(&format!("{}\t{permission}", permission.codename()));
    }
}

/// Returns the error for an unknown permission: granting it would have no effect.
fn unknown(permission: &str) -> Failure {
    let meant = probably_meant(permission)
        .map(|meant| format!("did you mean '{}'? ", meant.codename()))
        .unwrap_or_default();
    Failure::message(format!(
        "there is no permission '{permission}'; {meant}`members-area permissions` lists all"
    ))
}
