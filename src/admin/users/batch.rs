//! One thing done to many users: what, to whom, and what is said before it is done.

use serde::{Deserialize, Serialize};

use super::filter::{Filter, Place};
use crate::shared::permission::Permission;

/// A user who is chosen, in the query of the list and of [`CONFIRM`].
pub const CHOSEN: &str = "id";

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Accounts can be logged in to again.
    Activate,
    /// They cannot any more, and who is logged in is logged out.
    Deactivate,
    /// Into a group.
    JoinGroup,
    /// Out of a group.
    LeaveGroup,
    /// Logged out everywhere.
    EndSessions,
    /// Gone, with everything that is theirs.
    Delete,
}

impl Action {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 6] = [
        Self::Activate,
        Self::Deactivate,
        Self::JoinGroup,
        Self::LeaveGroup,
        Self::EndSessions,
        Self::Delete,
    ];

    /// In the address.
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

    /// On a button.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Activate => "Activate",
            Self::Deactivate => "Deactivate",
            Self::JoinGroup => "Put into the group",
            Self::LeaveGroup => "Take out of the group",
            Self::EndSessions => "Log out everywhere",
            Self::Delete => "Delete",
        }
    }

    /// What it takes.
    pub const fn permission(self) -> Permission {
        match self {
            Self::Activate | Self::Deactivate | Self::JoinGroup | Self::LeaveGroup => Permission::ChangeUser,
            Self::EndSessions => Permission::DeleteSession,
            Self::Delete => Permission::DeleteUser,
        }
    }

    /// Whether a group has to be named.
    pub const fn needs_group(self) -> bool {
        matches!(self, Self::JoinGroup | Self::LeaveGroup)
    }
}

/// To whom it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// To these.
    Chosen(Vec<i64>),
    /// To all that a list finds.
    All(Filter),
}

/// What is done to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// What.
    pub action: Action,
    /// Into or out of which group.
    pub group: Option<i64>,
    /// To whom.
    pub who: Who,
    /// The list that one came from.
    pub list: Filter,
    /// Which part of it was shown.
    pub place: Place,
}

impl Batch {
    /// A page has a hundred lines.
    const MOST_CHOSEN: usize = 200;

    /// Reads the query of [`CONFIRM`]; none where it names no action.
    pub fn from_query(query: &str) -> Option<Self> {
        let (mut action, mut group, mut chosen, mut is_all) = (None, None, Vec::new(), false);
        let (mut list, mut place) = (Filter::default(), Place::First);
        for (name, value) in form_urlencoded::parse(query.trim_start_matches('?').as_bytes()) {
            match name.as_ref() {
                "action" => action = Action::ALL.into_iter().find(|action| action.name() == value),
                "to_group" => group = value.parse().ok(),
                "scope" => is_all = value == "all",
                "list" => (list, place) = Filter::from_query(&value),
                CHOSEN if chosen.len() < Self::MOST_CHOSEN => chosen.extend(value.parse::<i64>().ok()),
                _ => {}
            }
        }
        let who = if is_all { Who::All(list.clone()) } else { Who::Chosen(chosen) };
        action.map(|action| Self { action, group: group.filter(|_| action.needs_group()), who, list, place })
    }

    /// Whether nobody was chosen.
    pub fn is_of_nobody(&self) -> bool {
        matches!(&self.who, Who::Chosen(ids) if ids.is_empty())
    }

    /// Returns the query of the list that one came from, with the same users chosen.
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

    /// The query that [`Batch::from_query`] reads.
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

/// What is said before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The batch, as it was understood.
    pub batch: String,
    /// The query of the list that one came from, with the same users chosen.
    pub list: String,
    /// What.
    pub action: Action,
    /// Into or out of which group.
    pub group: Option<String>,
    /// How many users it is done to.
    pub count: i64,
    /// Whether there are more, to be done after these.
    pub has_more: bool,
    /// How many of the chosen or found ones are left out, as far as that is counted.
    pub left_out: Option<i64>,
    /// Some of their names.
    pub names: Vec<String>,
    /// What goes along with them.
    pub goes: Vec<(Consequence, i64)>,
    /// Nobody with a later id is concerned: who signs up meanwhile is not.
    pub newest: i64,
}

/// What goes along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consequence {
    /// Signed-in devices.
    Sessions,
    /// Lines of the record of activity.
    Activity,
    /// Memberships in groups.
    Memberships,
    /// Permissions of their own.
    Permissions,
    /// Pictures.
    Pictures,
    /// Mails that wait.
    Mails,
    /// Lines of the history.
    History,
}

impl Consequence {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Sessions,
        Self::Activity,
        Self::Memberships,
        Self::Permissions,
        Self::Pictures,
        Self::Mails,
        Self::History,
    ];

    /// Whether it goes when devices are logged out, too.
    pub const fn is_session(self) -> bool {
        matches!(self, Self::Sessions)
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Sessions => "Signed-in devices",
            Self::Activity => "Lines of their activity",
            Self::Memberships => "Memberships in groups",
            Self::Permissions => "Permissions of their own",
            Self::Pictures => "Pictures",
            Self::Mails => "Mails that wait to be sent",
            Self::History => "Lines of their history",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_found_again_by_its_query() {
        let (list, place) = Filter::from_query("?q=a%26b&staff=1&sort=-seen&after=7~x");
        assert_ne!(place, Place::First);
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
    fn the_way_back_keeps_the_list_and_who_was_chosen() {
        let back = |query| Batch::from_query(query).expect("a batch").list_query();
        assert_eq!(back("?action=delete&list=%3Fstaff%3D1&id=7&id=8"), "?staff=1&id=7&id=8");
        assert_eq!(back("?action=delete&id=7"), "?id=7");
        assert_eq!(back("?action=delete&scope=all&id=7"), "");
    }

    #[test]
    fn nonsense_is_no_batch() {
        for query in ["", "?", "?action=", "?action=explode&id=1", "?scope=all"] {
            assert_eq!(Batch::from_query(query), None, "{query}");
        }
        let many: String = (0..1000).map(|n| format!("&id={n}")).collect();
        let batch = Batch::from_query(&format!("?action=delete&id=x&group=7{many}")).expect("a batch");
        assert_eq!(batch.group, None);
        assert!(matches!(batch.who, Who::Chosen(ids) if ids.len() == 200));
    }
}
