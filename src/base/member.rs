//! Who is asking, and what they may. On the server only: what a page may know of its visitor is [`crate::ui::Visitor`].

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::clock::Millis;
use crate::shared::error::AppError;

pub use crate::shared::permission::Permission;

/// The id of a user's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A signed-in, active member. Services take one as an argument, so that without one they cannot be called; it is
/// made only from a user's row (`accounts::service`). Cheap to clone.
#[derive(Clone)]
pub struct Member(Arc<Inner>);

struct Inner {
    id: UserId,
    username: String,
    session_stamp: Vec<u8>,
    rights: Rights,
    acting: Option<Actor>,
}

/// A member of staff who acts as somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// Whose row.
    pub id: UserId,
    /// How they are called.
    pub username: String,
    /// When it is over, at the latest.
    pub ends_at: Millis,
}

/// What an account is, and what it was given. Names are text: those that the program does not know are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// May enter the admin.
    pub is_staff: bool,
    /// May everything.
    pub is_superuser: bool,
    /// Codenames of its own.
    pub own: BTreeSet<String>,
    /// Codenames of its groups.
    pub of_groups: BTreeSet<String>,
}

impl Rights {
    /// Django's rule for an active account: a superuser may everything, also what there is no name for yet; anybody else what they
    /// or one of their groups were given. (For an inactive one there is no [`Member`] to ask.)
    pub fn has_perm(&self, codename: &str) -> bool {
        self.is_superuser || self.own.contains(codename) || self.of_groups.contains(codename)
    }
}

impl Member {
    /// With no rights: enough to open a session with, and what they may is read for the next request.
    pub(crate) fn new(id: UserId, username: String, session_stamp: Vec<u8>) -> Self {
        Self::with_rights(id, username, session_stamp, Rights::default())
    }

    pub(crate) fn with_rights(id: UserId, username: String, session_stamp: Vec<u8>, rights: Rights) -> Self {
        Self(Arc::new(Inner { id, username, session_stamp, rights, acting: None }))
    }

    /// The same member, with somebody else at the keyboard. (`acting` alone makes one, for a single request; in no memory is any.)
    pub(crate) fn impersonated_by(&self, actor: Actor) -> Self {
        let Inner { id, username, session_stamp, rights, .. } = &*self.0;
        Self(Arc::new(Inner {
            id: *id,
            username: username.clone(),
            session_stamp: session_stamp.clone(),
            rights: rights.clone(),
            acting: Some(actor),
        }))
    }

    /// The member of staff who is really there, where one acts as this member. What is made for such a request, or read from a
    /// store of finished answers, must not be what other requests get: a page cache asks here and steps aside.
    pub fn acting(&self) -> Option<&Actor> {
        self.0.acting.as_ref()
    }

    /// For what is the member's own to do: password, address, name, deletion.
    ///
    /// # Errors
    /// [`AppError::ClosedWhileActing`] where staff acts as them.
    pub fn in_person(&self) -> Result<(), AppError> {
        if self.acting().is_some() { Err(AppError::ClosedWhileActing) } else { Ok(()) }
    }

    /// Whose row.
    pub fn id(&self) -> UserId {
        self.0.id
    }

    /// The name as its owner wrote it.
    pub fn username(&self) -> &str {
        &self.0.username
    }

    /// Copied into each session of the member; a session with another one is over.
    pub(crate) fn session_stamp(&self) -> &[u8] {
        &self.0.session_stamp
    }

    /// What the account is, and what it was given.
    pub fn rights(&self) -> &Rights {
        &self.0.rights
    }

    /// Whether they may enter the admin.
    pub fn is_staff(&self) -> bool {
        self.0.rights.is_staff
    }

    /// Whether they may everything.
    pub fn is_superuser(&self) -> bool {
        self.0.rights.is_superuser
    }

    /// Django's `has_perm("app.codename")`.
    pub fn has_perm(&self, codename: &str) -> bool {
        self.0.rights.has_perm(codename)
    }

    /// Whether they may all that these rights give, names of elsewhere included: else whoever lends or takes them could have more
    /// than they do themselves.
    pub fn covers(&self, rights: &Rights) -> bool {
        self.is_superuser()
            || !rights.is_superuser
                && rights.own.iter().chain(&rights.of_groups).all(|name| self.has_perm(name))
    }

    /// The same for what the program knows by name.
    pub fn may(&self, permission: Permission) -> bool {
        self.has_perm(permission.codename())
    }

    /// The proof that they are staff and may do this: what the verbs of the admin take.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] where either is not so.
    pub fn require(&self, permission: Permission) -> Result<Staff, AppError> {
        self.staff()?.require(permission)
    }

    /// The proof that they are staff, for what every one of them may.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] where they are not, [`AppError::ClosedWhileActing`] where staff acts as them.
    pub fn staff(&self) -> Result<Staff, AppError> {
        self.in_person()?;
        if self.is_staff() { Ok(Staff(self.clone())) } else { Err(AppError::Forbidden) }
    }
}

/// By hand, because axum-login logs its user.
impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("id", &self.0.id.0).finish_non_exhaustive()
    }
}

/// A member who is staff and was found to have a permission. Only to be had from [`Member::require`] and [`Member::staff`].
#[derive(Clone, Debug)]
pub struct Staff(Member);

impl Staff {
    /// Who it is.
    pub fn member(&self) -> &Member {
        &self.0
    }

    /// For a verb that needs more than the one permission.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] where they have it not.
    pub fn require(&self, permission: Permission) -> Result<Self, AppError> {
        if self.0.may(permission) { Ok(self.clone()) } else { Err(AppError::Forbidden) }
    }
}

/// Where a request comes from, as far as can be told: for the devices page and the record of activity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    /// The address, of the proxy's visitor where the proxy is trusted.
    pub address: String,
    /// `User-Agent`, cut to 300 characters.
    pub agent: String,
    /// The member of staff, where one acts as the member: it is their address and their browser, and not the member's.
    #[serde(skip)]
    pub acting: Option<Actor>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_stamp_is_not_printed() {
        let member = Member::new(UserId(7), "ada".into(), vec![0xAB; 32]);
        let printed = format!("{member:?}");
        assert!(printed.contains('7') && !printed.contains("171") && !printed.to_lowercase().contains("ab"));
    }

    #[test]
    fn who_acts_as_a_member_is_neither_the_member_nor_staff() {
        let rights = Rights { is_staff: true, is_superuser: true, ..Default::default() };
        let member = Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights);
        let acted = member.impersonated_by(Actor { id: UserId(2), username: "sam".into(), ends_at: 0 });
        assert_eq!((acted.id(), acted.username(), acted.rights()), (UserId(1), "ada", member.rights()));
        assert_eq!(acted.acting().map(|actor| actor.id), Some(UserId(2)));
        assert_eq!(member.acting(), None);
        assert!(member.in_person().is_ok() && member.staff().is_ok());
        assert_eq!(acted.in_person(), Err(AppError::ClosedWhileActing));
        assert_eq!(acted.staff().err(), Some(AppError::ClosedWhileActing));
        assert_eq!(acted.require(Permission::ViewUser).err(), Some(AppError::ClosedWhileActing));
    }

    /// Names that the program knows, names of elsewhere, and what is no name at all.
    fn names() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(Permission::ALL.to_vec()).prop_map(|known| known.codename().to_owned()),
            proptest::sample::select(vec!["blog.add_entry", "accounts.view_users", "view_user", "", "."])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        /// Against the rule as the lesson says it: a list of everything that was given, searched from end to end.
        #[test]
        fn permissions_are_djangos(
            is_staff: bool,
            is_superuser: bool,
            own in proptest::collection::vec(names(), 0..6),
            groups in proptest::collection::vec(proptest::collection::vec(names(), 0..4), 0..4),
            asked in names(),
        ) {
            let rights = Rights {
                is_staff,
                is_superuser,
                own: own.iter().cloned().collect(),
                of_groups: groups.iter().flatten().cloned().collect(),
            };
            let member = Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights);
            let given = own.iter().chain(groups.iter().flatten()).any(|name| *name == asked);
            prop_assert_eq!(member.has_perm(&asked), is_superuser || given);
            if let Some(known) = Permission::from_codename(&asked) {
                prop_assert_eq!(member.may(known), is_superuser || given);
                prop_assert_eq!(member.require(known).is_ok(), is_staff && (is_superuser || given));
            }
            prop_assert_eq!(member.staff().is_ok(), is_staff);
        }
    }
}
