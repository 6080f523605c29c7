//! The operations. Each runs in one transaction, together with its record of the change.

mod grants;
mod groups;
mod users;

pub use super::store::{groups::GroupRow as Group, users::UserRow as User};
pub use grants::{Target, grant, revoke};
pub use groups::{
    GroupFacts, Membership, add_group, delete_group, find_group, group_facts, groups, set_membership,
};
pub use users::{Found, PasswordState, UserFacts, find_user, list_users, set_active, user_facts};
