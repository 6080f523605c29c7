//! The roles that probe the site, and the canaries by which their data is recognised.

use std::fmt;

/// A role that sends requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An anonymous visitor.
    Anonymous,
    /// A member.
    FirstMember,
    /// Another member.
    SecondMember,
    /// Staff with the permission to view users and no other.
    Staff,
    /// A superuser.
    Superuser,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 5] =
        [Self::Anonymous, Self::FirstMember, Self::SecondMember, Self::Staff, Self::Superuser];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anonymous => "nobody",
            Self::FirstMember => "the first member",
            Self::SecondMember => "the second member",
            Self::Staff => "staff",
            Self::Superuser => "the superuser",
        })
    }
}

/// The kind of data that a canary marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanaryKind {
    /// The username.
    Username,
    /// The email address.
    Email,
    /// The first name.
    FirstName,
    /// The last name.
    LastName,
    /// The `User-Agent`.
    Agent,
    /// The network address.
    Address,
    /// The name of a group that they created.
    Group,
    /// The profile picture.
    Picture,
    /// The key of an authenticator app that is being set up: a secret that only its owner is shown.
    AppKey,
    /// A passkey: its name, its id and the account's handle.
    Passkey,
    /// The password: a secret that no page shows, not even to its owner.
    Password,
    /// A cookie's value: a secret that is sent only to its owner, and never in a page.
    Cookie,
}

impl CanaryKind {
    /// Returns whether no page may show it, not even to its owner.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Cookie)
    }
}

impl fmt::Display for CanaryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Username => "username",
            Self::Email => "email address",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::Agent => "browser",
            Self::Address => "network address",
            Self::Group => "group",
            Self::Picture => "picture",
            Self::AppKey => "key of the authenticator app",
            Self::Passkey => "passkey",
            Self::Password => "password",
            Self::Cookie => "cookie",
        })
    }
}

/// A canary: an unguessable text that occurs in one field of one role's data.
#[derive(Clone)]
pub struct Canary {
    /// The role whose data it marks.
    pub owner: Role,
    /// The kind of data it marks.
    pub kind: CanaryKind,
    text: String,
}

impl Canary {
    /// Creates a canary that is found in any case.
    pub fn new(owner: Role, kind: CanaryKind, text: &str) -> Self {
        Self { owner, kind, text: text.to_ascii_lowercase() }
    }

    /// Returns the byte offset of the canary in a lower-case text.
    pub fn find(&self, text: &str) -> Option<usize> {
        text.find(&self.text)
    }
}

/// Leaves out the text, which may be a secret.
impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Canary({:?} of {:?})", self.kind, self.owner)
    }
}

/// Returns a random text of letters and digits, which is spelled alike in HTML, JSON and URLs.
pub fn unguessable() -> String {
    format!("m{:032x}", rand::random::<u128>())
}
