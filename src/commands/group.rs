//! The commands `group`, `grant`, `revoke` and `permissions`.

use clap::{Args, Subcommand};

use super::{
    PROPAGATION_NOTICE,
    accounts::{change, find, find_group, named, refused},
    user::OLDEST_FIRST,
};
use crate::{
    admin::{
        edit::Holder,
        groups::service as groups,
        users::{filter::UserFilter, service as users},
    },
    base::{config::Config, console, failure::Failure, member::Permission, permission_hint::probably_meant},
    shared::permission::is_codename,
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
    /// Makes two-step login necessary for a group's members, or no longer.
    ///
    /// They can go on without it for `second_factor.grace` (7 days). A running site notices within
    /// 2 seconds.
    SecondFactor {
        /// The group's name.
        group: String,
        /// Requires it.
        #[arg(long, required_unless_present = "optional")]
        required: bool,
        /// No longer requires it.
        #[arg(long, conflicts_with = "required")]
        optional: bool,
    },
    /// Creates a group.
    Add {
        /// The group's name.
        group: String,
    },
    /// Deletes a group; its members stay.
    ///
    /// A running site notices within 2 seconds.
    Delete {
        /// The group's name.
        group: String,
    },
}

/// Arguments of `grant` and `revoke`.
#[derive(Args)]
pub struct Grant {
    /// A user: username or email address.
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
        GroupCommand::SecondFactor { group, required, optional: _ } => {
            require_second_factor(&site, &group, required).await
        }
        GroupCommand::Add { group } => add(&site, &group).await,
        GroupCommand::Delete { group } => delete(&site, &group).await,
    };
    site.db.close().await;
    done
}

async fn list(site: &AppState) -> Result<(), Failure> {
    for (_, name, members) in groups::all(site).await.map_err(refused)? {
        console::list(format_args!("{name}\t{members} member(s)"));
    }
    Ok(())
}

async fn show(site: &AppState, typed: &str) -> Result<(), Failure> {
    let group = find_group(site, typed).await?;
    console::list(format_args!("Group: {}", group.name));
    if group.requires_second_factor {
        console::list("Second factor: required");
    }
    for permission in group.permissions {
        console::list(format_args!("Permission: {permission}"));
    }
    let filter = UserFilter { group: Some(group.id), sort: OLDEST_FIRST, ..Default::default() };
    let listed = users::each(site, &filter, |user| console::list(format_args!("Member: {}", user.username)));
    listed.await.map_err(refused).map(drop)
}

async fn require_second_factor(site: &AppState, typed: &str, is_required: bool) -> Result<(), Failure> {
    let group = find_group(site, typed).await?;
    let named = (group.id, group.name.as_str());
    let is_new = change(site, async |edit| edit.require_second_factor(named, is_required).await).await?;
    let name = &group.name;
    console::print(match (is_required, is_new) {
        (true, true) => {
            format!("Group '{name}' now requires a second factor of its members. {PROPAGATION_NOTICE}")
        }
        (false, true) => {
            format!("Group '{name}' no longer requires a second factor. {PROPAGATION_NOTICE}")
        }
        (true, false) => format!("Group '{name}' required a second factor already."),
        (false, false) => format!("Group '{name}' did not require a second factor."),
    });
    Ok(())
}

async fn add(site: &AppState, typed: &str) -> Result<(), Failure> {
    let name = groups::group_name(typed).map_err(|_| {
        Failure::message("a group's name must have 1 to 150 characters, none of them invisible")
    })?;
    change(site, async |edit| edit.add_group(&name, ("added", "", "")).await).await?;
    console::print(format_args!("Group '{}' created.", name.0));
    Ok(())
}

async fn delete(site: &AppState, typed: &str) -> Result<(), Failure> {
    let group = find_group(site, typed).await?;
    let members = users::members_of_groups(site).await.map_err(refused)?;
    change(site, async |edit| edit.delete_group(&group).await).await?;
    let members = members.get(&group.id).copied().unwrap_or(0);
    console::print(format_args!(
        "Group '{}' deleted, with {members} membership(s). {}",
        group.name, PROPAGATION_NOTICE
    ));
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
    let permission = grant.permission.as_str();
    let (who, changed) = match (&grant.user, &grant.group) {
        (Some(user), _) => {
            let user = find(site, user).await?;
            let (id, name) = named(&user);
            (format!("User '{name}'"), set_permission(site, Holder::User(id, name), permission, gives).await?)
        }
        (None, group) => {
            let group = find_group(site, group.as_deref().unwrap_or_default()).await?;
            let holder = Holder::Group(group.id, &group.name);
            (format!("Group '{}'", group.name), set_permission(site, holder, permission, gives).await?)
        }
    };
    console::print(match (changed, gives) {
        (true, true) => format!("{who} now has the permission '{permission}'. {PROPAGATION_NOTICE}"),
        (true, false) => {
            format!("{who} no longer has the permission '{permission}'. {PROPAGATION_NOTICE}")
        }
        (false, true) => format!("{who} already had the permission '{permission}'."),
        (false, false) => format!("{who} did not have the permission '{permission}'."),
    });
    Ok(())
}

async fn set_permission(
    site: &AppState,
    holder: Holder<'_>,
    permission: &str,
    gives: bool,
) -> Result<bool, Failure> {
    if gives && Permission::from_codename(permission).is_none() {
        return Err(unknown(permission));
    }
    // A permission of another site, which the program does not know, can be revoked.
    if !is_codename(permission) {
        return Err(Failure::message(format!(
            "'{permission}' is not a permission: write it as app.codename, like accounts.view_user"
        )));
    }
    let (granted, revoked): (&[&str], &[&str]) =
        if gives { (&[permission], &[]) } else { (&[], &[permission]) };
    change(site, async |edit| edit.set_permissions(holder, granted, revoked).await).await
}

/// Runs `permissions`: lists them, one per line.
pub fn list_permissions() {
    for permission in Permission::ALL {
        console::list(format_args!("{}\t{permission}", permission.codename()));
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
