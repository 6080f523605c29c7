//! The command `user`: accounts, for the operator.

use clap::Subcommand;

use super::{
    PROPAGATION_NOTICE,
    accounts::{change, find, find_group, named, refused},
};
use crate::{
    admin::users::{
        filter::{By, Fact, Sort, UserFilter},
        service as users,
    },
    base::{config::Config, console, failure::Failure, member::UserId, moment::moment},
    site::AppState,
};

/// Subcommands of `user`.
#[derive(Subcommand)]
pub enum UserCommand {
    /// Lists accounts, the oldest first: username, email address, kind and last login, separated
    /// by tabs.
    List {
        /// Only accounts with these words in their username, address or name, as in the admin:
        /// words of one or two letters have to begin one.
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
        /// Username or email address.
        user: String,
    },
    /// Lists an account's second factors, or removes them.
    ///
    /// For members who have lost both their authenticator app and their recovery codes. Make sure
    /// who is asking: afterwards the password alone logs in.
    SecondFactor(super::second_factor::Arguments),
    /// Lets an account log in again.
    ///
    /// A running site notices immediately.
    Activate {
        /// Username or email address.
        user: String,
    },
    /// Deactivates an account and ends all its sessions; the last superuser stays.
    ///
    /// A running site notices within 2 seconds.
    Deactivate {
        /// Username or email address.
        user: String,
    },
    /// Adds an account to a group.
    ///
    /// A running site notices within 2 seconds.
    AddToGroup {
        /// Username or email address.
        user: String,
        /// The group's name.
        group: String,
    },
    /// Removes an account from a group.
    ///
    /// A running site notices within 2 seconds.
    RemoveFromGroup {
        /// Username or email address.
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
            let facts =
                [inactive.then_some(false), staff.then_some(true), superusers.then_some(true), None, None];
            list(&site, UserFilter { search, facts, ..UserFilter::default() }, &group).await
        }
        UserCommand::Show { user } => show(&site, &user).await,
        UserCommand::SecondFactor(arguments) => super::second_factor::run(&site, arguments).await,
        UserCommand::Activate { user } => set_active(&site, &user, true).await,
        UserCommand::Deactivate { user } => set_active(&site, &user, false).await,
        UserCommand::AddToGroup { user, group } => set_membership(&site, &user, &group, true).await,
        UserCommand::RemoveFromGroup { user, group } => set_membership(&site, &user, &group, false).await,
    };
    site.db.close().await;
    done
}

async fn list(site: &AppState, mut filter: UserFilter, group: &str) -> Result<(), Failure> {
    if !group.is_empty() {
        filter.group = Some(find_group(site, group).await?.id);
    }
    filter.sort = OLDEST_FIRST;
    let count = users::each(site, &filter, |user| {
        let last_login = user.last_login.map_or_else(|| "never".to_owned(), |at| moment(at).iso);
        let facts = [Fact::Active, Fact::Staff, Fact::Superuser].map(|fact| user.is(fact));
        let kind = kind(facts, user.delete_after.is_some());
        console::list(format_args!("{}\t{}\t{kind}\t{last_login}", user.username, user.email));
    });
    console::note(format_args!("{} account(s).", count.await.map_err(refused)?));
    Ok(())
}

/// The order of the command line's lists.
pub(super) const OLDEST_FIRST: Sort = Sort { by: By::Joined, descending: false };

fn kind([is_active, is_staff, is_superuser]: [bool; 3], is_to_be_deleted: bool) -> String {
    let kinds = [
        (!is_active, "inactive"),
        (is_staff, "staff"),
        (is_superuser, "superuser"),
        (is_to_be_deleted, "deletion pending"),
    ];
    let kinds: Vec<_> = kinds.into_iter().filter(|(is, _)| *is).map(|(_, kind)| kind).collect();
    if kinds.is_empty() { "member".to_owned() } else { kinds.join(", ") }
}

async fn show(site: &AppState, typed: &str) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let belongings = users::belongings(site, UserId(user.id)).await.map_err(refused)?;
    let time = |at: Option<i64>| at.map_or_else(|| "never".to_owned(), |at| moment(at).text);
    let list = |items: Vec<String>| if items.is_empty() { "none".to_owned() } else { items.join(", ") };
    let facts = [user.is_active, user.is_staff, user.is_superuser].map(|fact| fact == 1);
    let email = match (user.email.as_str(), user.email_verified_at) {
        ("", _) => "none".to_owned(),
        (email, Some(_)) => format!("{email} (confirmed)"),
        (email, None) => format!("{email} (not confirmed)"),
    };
    let password = match user.password_kind.as_str() {
        "$" => "set",
        "!" | "?" | "" => "none: reset it by mail, or set it with `members-area changepassword`",
        _ => "set, imported; the hash is upgraded at the next login",
    };
    for (name, value) in [
        ("Username", user.username.clone()),
        ("Number", user.id.to_string()),
        ("Name", format!("{} {}", user.first_name, user.last_name).trim().to_owned()),
        ("Email address", email),
        ("Kind", kind(facts, user.delete_after.is_some())),
        ("Password", password.to_owned()),
        ("Joined", time(Some(user.date_joined))),
        ("Last login", time(user.last_login)),
        ("Deletion due", time(user.delete_after)),
        ("Sessions", belongings.sessions.to_string()),
        ("Groups", list(belongings.groups)),
        ("Permissions", list(belongings.permissions.into_iter().collect())),
    ] {
        console::list(format_args!("{name}: {value}"));
    }
    Ok(())
}

async fn set_active(site: &AppState, typed: &str, is_active: bool) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let changed = change(site, async |edit| edit.set_active(&[named(&user)], is_active).await).await? == 1;
    let name = &user.username;
    console::print(match (changed, is_active) {
        (true, true) => format!("User '{name}' activated."),
        (true, false) => {
            format!("User '{name}' deactivated, and all their sessions ended. {PROPAGATION_NOTICE}")
        }
        (false, true) => format!("User '{name}' was already active."),
        (false, false) => format!("User '{name}' was already inactive."),
    });
    Ok(())
}

async fn set_membership(site: &AppState, typed: &str, group: &str, joins: bool) -> Result<(), Failure> {
    let user = find(site, typed).await?;
    let group = find_group(site, group).await?;
    let change = change(site, async |edit| {
        let (users, group) = ([named(&user)], (group.id, group.name.as_str()));
        if joins { edit.join(&users, group).await } else { edit.leave(&users, group).await }
    });
    let changed = change.await? == 1;
    let (name, group) = (&user.username, &group.name);
    console::print(match (changed, joins) {
        (true, true) => {
            format!("User '{name}' added to the group '{group}'. {PROPAGATION_NOTICE}")
        }
        (true, false) => {
            format!("User '{name}' removed from the group '{group}'. {PROPAGATION_NOTICE}")
        }
        (false, true) => format!("User '{name}' was already in the group '{group}'."),
        (false, false) => format!("User '{name}' was not in the group '{group}'."),
    });
    Ok(())
}
