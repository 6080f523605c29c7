//! The signed-in member and their permissions. Server only: pages get [`crate::ui::Visitor`].

use std::{collections::BTreeSet, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{clock::Millis, time_zone::UTC};
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

/// A signed-in, active member. Services take one as an argument, so that they cannot be called
/// without one; it is created only from a user's row (`accounts::service`). Cheap to clone.
#[derive(Clone)]
pub struct Member(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    id: UserId,
    username: String,
    first_name: String,
    last_name: String,
    session_stamp: Vec<u8>,
    rights: Rights,
    impersonator: Option<Actor>,
}

/// A member of staff who impersonates a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The id of their row.
    pub id: UserId,
    /// Their username.
    pub username: String,
    /// The deadline of the impersonation, in milliseconds since 1970.
    pub ends_at: Millis,
}

/// An account's role and permissions. Codenames are text: those that the program does not know are
/// kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// Whether it may enter the admin.
    pub is_staff: bool,
    /// Whether it has all permissions.
    pub is_superuser: bool,
    /// Codenames of the permissions granted to it directly.
    pub own: BTreeSet<String>,
    /// Codenames of the permissions of its groups.
    pub of_groups: BTreeSet<String>,
    /// Whether its owner has a second factor besides the password. No right, but read together with
    /// them, so that no request needs another query.
    pub has_second_factor: bool,
    /// If the account must have a second factor: by when, in milliseconds since 1970.
    pub second_factor_due: Option<Millis>,
    /// The version of its picture, if there is one. Read together with the rights, because every
    /// page shows it.
    pub picture: Option<i64>,
    /// The time zone that its owner has chosen. No right either.
    pub time_zone: Option<String>,
}

impl Rights {
    /// Returns whether the account has a permission, by Django's rule for active accounts: a
    /// superuser has all of them, even unknown ones; others have what was granted to them or to
    /// their groups. (An inactive account has no [`Member`] to ask.)
    pub fn has_perm(&self, codename: &str) -> bool {
        self.is_superuser || self.own.contains(codename) || self.of_groups.contains(codename)
    }
}

impl Member {
    /// Creates a member without permissions: enough to open a session with. The next request reads
    /// the permissions.
    pub(crate) fn new(id: UserId, username: String, session_stamp: Vec<u8>) -> Self {
        Self::with_rights(id, username, session_stamp, Rights::default())
    }

    pub(crate) fn with_rights(id: UserId, username: String, session_stamp: Vec<u8>, rights: Rights) -> Self {
        let (first_name, last_name) = (String::new(), String::new());
        Self(Arc::new(Inner {
            id,
            username,
            first_name,
            last_name,
            session_stamp,
            rights,
            impersonator: None,
        }))
    }

    /// Returns the same member with their names, by which pages greet and show them.
    pub(crate) fn with_names(&self, first_name: String, last_name: String) -> Self {
        Self(Arc::new(Inner { first_name, last_name, ..Inner::clone(&self.0) }))
    }

    /// Returns the same member, impersonated by `actor`. (Only `impersonator` creates one, for a
    /// single request; it is never stored or cached.)
    pub(crate) fn impersonated_by(&self, actor: Actor) -> Self {
        Self(Arc::new(Inner { impersonator: Some(actor), ..Inner::clone(&self.0) }))
    }

    /// Returns the member of staff who impersonates this member, if any. Responses to such a
    /// request must not reach other requests, and stored responses must not answer it: the page
    /// cache asks here and steps aside.
    pub fn impersonator(&self) -> Option<&Actor> {
        self.0.impersonator.as_ref()
    }

    /// Checks that nobody impersonates the member: for what only the member may change, such as
    /// password, address, name, deletion.
    ///
    /// # Errors
    /// [`AppError::ClosedWhileActing`] during an impersonation.
    pub fn in_person(&self) -> Result<(), AppError> {
        if self.impersonator().is_some() { Err(AppError::ClosedWhileActing) } else { Ok(()) }
    }

    /// Returns the id of the member's row.
    pub fn id(&self) -> UserId {
        self.0.id
    }

    /// Returns the username as its owner wrote it.
    pub fn username(&self) -> &str {
        &self.0.username
    }

    /// Returns the first name as its owner wrote it; may be empty.
    pub fn first_name(&self) -> &str {
        &self.0.first_name
    }

    /// Returns the full name; empty without one.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.0.first_name, self.0.last_name).trim().to_owned()
    }

    /// Returns the stamp that each session of the member copies; a session with another stamp is
    /// invalid.
    pub(crate) fn session_stamp(&self) -> &[u8] {
        &self.0.session_stamp
    }

    /// Returns the role and permissions of the account.
    pub fn rights(&self) -> &Rights {
        &self.0.rights
    }

    /// Returns whether the member proves a second factor besides the password.
    pub fn has_second_factor(&self) -> bool {
        self.0.rights.has_second_factor
    }

    /// Returns whether the member must have a second factor.
    pub fn must_have_second_factor(&self) -> bool {
        self.0.rights.second_factor_due.is_some()
    }

    /// Returns by when the member must have a second factor, in milliseconds since 1970, if they
    /// must have one and have none.
    pub fn second_factor_due(&self) -> Option<Millis> {
        self.0.rights.second_factor_due.filter(|_| !self.has_second_factor())
    }

    /// Returns whether the member must have a second factor by now and has none.
    pub fn lacks_second_factor(&self, now: Millis) -> bool {
        self.second_factor_due().is_some_and(|due| now >= due)
    }

    /// Returns the time zone that the member has chosen, or UTC.
    pub fn time_zone(&self) -> &str {
        self.0.rights.time_zone.as_deref().unwrap_or(UTC)
    }

    /// Returns whether the member may enter the admin.
    pub fn is_staff(&self) -> bool {
        self.0.rights.is_staff
    }

    /// Returns whether the member has all permissions.
    pub fn is_superuser(&self) -> bool {
        self.0.rights.is_superuser
    }

    /// Returns whether the member has a permission: Django's `has_perm("app.codename")`.
    pub fn has_perm(&self, codename: &str) -> bool {
        self.0.rights.has_perm(codename)
    }

    /// Returns whether the member has all of these permissions, including unknown codenames.
    /// Without this check, staff could gain permissions by granting or impersonating.
    pub fn covers(&self, rights: &Rights) -> bool {
        self.is_superuser()
            || !rights.is_superuser
                && rights.own.iter().chain(&rights.of_groups).all(|name| self.has_perm(name))
    }

    /// Returns whether the member has a known permission.
    pub fn may(&self, permission: Permission) -> bool {
        self.has_perm(permission.codename())
    }

    /// Returns the proof that the member is staff and has the permission, which the admin's
    /// services require.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] if they lack either, [`AppError::ClosedWhileActing`] during an
    /// impersonation.
    pub fn require(&self, permission: Permission) -> Result<Staff, AppError> {
        self.staff()?.require(permission)
    }

    /// Returns the proof that the member is staff, for what all staff may do.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] if they are not staff, [`AppError::ClosedWhileActing`] during an
    /// impersonation.
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

/// Proof that a member is staff and was found to have a permission. Created only by
/// [`Member::require`] and [`Member::staff`].
#[derive(Clone, Debug)]
pub struct Staff(Member);

impl Staff {
    /// Returns the member.
    pub fn member(&self) -> &Member {
        &self.0
    }

    /// Checks a further permission, for services that need more than one.
    ///
    /// # Errors
    /// [`AppError::Forbidden`] if the member lacks it.
    pub fn require(&self, permission: Permission) -> Result<Self, AppError> {
        if self.0.may(permission) { Ok(self.clone()) } else { Err(AppError::Forbidden) }
    }
}

/// The origin of a request, for the devices page and the activity log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    /// The IP address; behind a trusted proxy, that of its visitor.
    pub address: String,
    /// `User-Agent`, cut to 300 characters.
    pub agent: String,
    /// The member of staff during an impersonation: address and browser are then theirs, not the
    /// member's.
    #[serde(skip)]
    pub impersonator: Option<Actor>,
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
    fn an_impersonator_is_neither_the_member_nor_staff() {
        let rights = Rights { is_staff: true, is_superuser: true, ..Default::default() };
        let member = Member::with_rights(UserId(1), "ada".into(), Vec::new(), rights);
        let impersonated =
            member.impersonated_by(Actor { id: UserId(2), username: "sam".into(), ends_at: 0 });
        assert_eq!(
            (impersonated.id(), impersonated.username(), impersonated.rights()),
            (UserId(1), "ada", member.rights())
        );
        assert_eq!(impersonated.impersonator().map(|actor| actor.id), Some(UserId(2)));
        assert_eq!(member.impersonator(), None);
        assert!(member.in_person().is_ok() && member.staff().is_ok());
        assert_eq!(impersonated.in_person(), Err(AppError::ClosedWhileActing));
        assert_eq!(impersonated.staff().err(), Some(AppError::ClosedWhileActing));
        assert_eq!(impersonated.require(Permission::ViewUser).err(), Some(AppError::ClosedWhileActing));
    }

    /// Known codenames, unknown ones, and text that is no codename.
    fn names() -> impl Strategy<Value = String> {
        prop_oneof![
            proptest::sample::select(Permission::ALL.to_vec()).prop_map(|known| known.codename().to_owned()),
            proptest::sample::select(vec!["blog.add_entry", "accounts.view_users", "view_user", "", "."])
                .prop_map(str::to_owned),
        ]
    }

    proptest! {
        /// Compares with the plain form of the rule: a linear search through everything that was
        /// granted.
        #[test]
        fn permissions_follow_djangos_rules(
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
                ..Default::default()
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
