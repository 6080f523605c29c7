//! Batches: one action applied to many users, and its confirmation.

use serde::{Deserialize, Serialize};

use super::filter::{ListPage, UserFilter};
use crate::shared::permission::Permission;

/// The query parameter for a chosen user, in the addresses of the list and of
/// [`CONFIRM`](crate::shared::paths::CONFIRM).
pub const CHOSEN: &str = "id";

/// The action of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Activate the accounts: they can be logged in to again.
    Activate,
    /// Deactivate the accounts and end their sessions.
    Deactivate,
    /// Add the users to a group.
    JoinGroup,
    /// Remove the users from a group.
    LeaveGroup,
    /// Log the users out everywhere.
    EndSessions,
    /// Delete the users and all their data.
    Delete,
}

impl Action {
    /// All actions, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Activate,
        Self::Deactivate,
        Self::JoinGroup,
        Self::LeaveGroup,
        Self::EndSessions,
        Self::Delete,
    ];

    /// Returns the action's name in the address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::JoinGroup => "join_group",
            Self::LeaveGroup => "leave_group",
            Self::EndSessions => "end_sessions",
            Self::Delete => "delete",
        }
    }

    /// Returns the action's name on a button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate => "Deactivate",
            Self::JoinGroup => "Add to the group",
            Self::LeaveGroup => "Remove from the group",
            Self::EndSessions => "Log out everywhere",
            Self::Delete => "Delete",
        }
    }

    /// Returns the permission that the action requires.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Activate | Self::Deactivate | Self::JoinGroup | Self::LeaveGroup => Permission::ChangeUser,
            Self::EndSessions => Permission::DeleteSession,
            Self::Delete => Permission::DeleteUser,
        }
    }

    /// Returns whether the action needs a group.
    pub const fn needs_group(self) -> bool {
        matches!(self, Self::JoinGroup | Self::LeaveGroup)
    }
}

/// The users of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// Users with these ids.
    Chosen(Vec<i64>),
    /// All users that the list finds.
    All(UserFilter),
}

/// An action, and the users that it is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// The action.
    pub action: Action,
    /// The group to add to or remove from.
    pub group: Option<i64>,
    /// The users.
    pub who: Who,
    /// The list that the batch was started from.
    pub list: UserFilter,
    /// The page of that list.
    pub place: ListPage,
}

impl Batch {
    /// More than a page of the list has, which is a hundred.
    const MAX_SELECTED: usize = 200;

    /// Parses the query of [`CONFIRM`](crate::shared::paths::CONFIRM). Returns `None` if it names
    /// no action.
    pub fn from_query(query: &str) -> Option<Self> {
        let (mut action, mut group, mut chosen, mut is_all) = (None, None, Vec::new(), false);
        let (mut list, mut place) = (UserFilter::default(), ListPage::First);
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "action" => action = Action::ALL.into_iter().find(|action| action.name() == value),
                "to_group" => group = value.parse().ok(),
                "scope" => is_all = value == "all",
                "list" => (list, place) = UserFilter::from_query(&value),
                CHOSEN if chosen.len() < Self::MAX_SELECTED => chosen.extend(value.parse::<i64>().ok()),
                _ => {}
            }
        }
        let who = if is_all { Who::All(list.clone()) } else { Who::Chosen(chosen) };
        action.map(|action| Self { action, group: group.filter(|_| action.needs_group()), who, list, place })
    }

    /// Returns whether no user was chosen.
    pub fn is_of_nobody(&self) -> bool {
        matches!(&self.who, Who::Chosen(ids) if ids.is_empty())
    }

    /// Returns the query of the list that the batch was started from, with the same users chosen.
    pub fn list_query(&self) -> String {
        let mut query = self.list.to_query(&self.place);
        if let Who::Chosen(ids) = &self.who {
            for id in ids {
                query.push_str(if query.is_empty() { "?" } else { "&" });
                query.push_str(&format!("{CHOSEN}={id}"));
            }
        }
        query
    }

    /// Returns the query that [`Batch::from_query`] reads.
    pub fn to_query(&self) -> String {
        let mut query = form_urlencoded::Serializer::for_suffix("?".to_owned(), 1);
        query.append_pair("action", self.action.name());
        if let Some(group) = self.group {
            query.append_pair("to_group", &group.to_string());
        }
        let list = self.list.to_query(&self.place);
        if !list.is_empty() {
            query.append_pair("list", &list);
        }
        match &self.who {
            Who::All(_) => drop(query.append_pair("scope", "all")),
            Who::Chosen(ids) => {
                for id in ids {
                    query.append_pair(CHOSEN, &id.to_string());
                }
            }
        }
        query.finish()
    }
}

/// What a batch will do, to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The query that describes the batch.
    pub batch: String,
    /// The query of the list that the batch was started from, with the same users chosen.
    pub list: String,
    /// The action.
    pub action: Action,
    /// Name of the group to add to or remove from.
    pub group: Option<String>,
    /// How many users the batch will be applied to.
    pub count: i64,
    /// Whether there are more users, for another batch after this one.
    pub has_more: bool,
    /// How many chosen or found users the batch leaves out, or `None` if that is not counted.
    pub left_out: Option<i64>,
    /// Some of the users' names.
    pub names: Vec<String>,
    /// What else is deleted, with counts.
    pub goes: Vec<(Consequence, i64)>,
    /// The highest id that the batch applies to, so that accounts created meanwhile are left out.
    pub newest: i64,
}

/// A kind of data that an action deletes with the users or sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consequence {
    /// Signed-in devices.
    Sessions,
    /// Lines of activity.
    Activity,
    /// Memberships in groups.
    Memberships,
    /// The users' own permissions.
    Permissions,
    /// Pictures.
    Pictures,
    /// Waiting mails.
    Mails,
    /// Lines of the users' audit logs.
    History,
}

impl Consequence {
    /// All kinds.
    pub const ALL: [Self; 7] = [
        Self::Sessions,
        Self::Activity,
        Self::Memberships,
        Self::Permissions,
        Self::Pictures,
        Self::Mails,
        Self::History,
    ];

    /// Returns whether ending sessions deletes this kind, too.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Sessions)
    }

    /// Returns the kind in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sessions => "Signed-in devices",
            Self::Activity => "Activity entries",
            Self::Memberships => "Group memberships",
            Self::Permissions => "Their own permissions",
            Self::Pictures => "Pictures",
            Self::Mails => "Queued emails",
            Self::History => "History entries",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batchs_query_round_trips() {
        let (list, place) = UserFilter::from_query("?q=a%26b&staff=1&sort=-seen&after=7~x");
        assert_ne!(place, ListPage::First);
        for who in [Who::Chosen(vec![1, 1 << 60]), Who::Chosen(Vec::new()), Who::All(list.clone())] {
            for action in Action::ALL {
                let group = action.needs_group().then_some(7);
                let (list, place) = (list.clone(), place.clone());
                let batch = Batch { action, group, who: who.clone(), list, place };
                assert_eq!(Batch::from_query(&batch.to_query()), Some(batch));
            }
        }
    }

    #[test]
    fn the_link_back_keeps_the_list_and_the_selection() {
        let back = |query| Batch::from_query(query).expect("a batch").list_query();
        assert_eq!(back("?action=delete&list=%3Fstaff%3D1&id=7&id=8"), "?staff=1&id=7&id=8");
        assert_eq!(back("?action=delete&id=7"), "?id=7");
        assert_eq!(back("?action=delete&scope=all&id=7"), "");
    }

    #[test]
    fn an_invalid_query_is_no_batch() {
        for query in ["", "?", "?action=", "?action=explode&id=1", "?scope=all"] {
            assert_eq!(Batch::from_query(query), None, "{query}");
        }
        let many: String = (0..1000).map(|n| format!("&id={n}")).collect();
        let batch = Batch::from_query(&format!("?action=delete&id=x&group=7{many}")).expect("a batch");
        assert_eq!(batch.group, None);
        assert!(matches!(batch.who, Who::Chosen(ids) if ids.len() == 200));
    }
}
