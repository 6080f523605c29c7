//! Who asks, and what each of them is known by.

use std::fmt;

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Somebody who is not signed in.
    Anonymous,
    /// A member.
    FirstMember,
    /// Another one.
    SecondMember,
    /// Staff who may look at users, and nothing else.
    Staff,
    /// Who may everything.
    Superuser,
}

impl Role {
    /// All of them.
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

/// What something tells of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// How they log in.
    Username,
    /// Their address.
    Email,
    /// Their first name.
    FirstName,
    /// Their last name.
    LastName,
    /// Their browser.
    Agent,
    /// Where they come from.
    Address,
    /// A group that they made.
    Group,
    /// Their picture.
    Picture,
    /// Their password: a secret, also from themselves.
    Password,
    /// What is in their cookies: a secret that only they are sent, and never in a page.
    Cookie,
}

impl Kind {
    /// Whether no page may show it to anybody.
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::Password | Self::Cookie)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Username => "username",
            Self::Email => "e-mail address",
            Self::FirstName => "first name",
            Self::LastName => "last name",
            Self::Agent => "browser",
            Self::Address => "network address",
            Self::Group => "group",
            Self::Picture => "picture",
            Self::Password => "password",
            Self::Cookie => "cookie",
        })
    }
}

/// A text that nobody can guess, and that stands in one place of one person's data.
#[derive(Clone)]
pub struct Canary {
    /// Whose.
    pub owner: Role,
    /// What it is of theirs.
    pub kind: Kind,
    text: String,
}

impl Canary {
    /// A text by which this is known, in any case.
    pub fn new(owner: Role, kind: Kind, text: &str) -> Self {
        Self { owner, kind, text: text.to_ascii_lowercase() }
    }

    /// Where it is in a text in lower case.
    pub fn find(&self, text: &str) -> Option<usize> {
        text.find(&self.text)
    }
}

/// Without the text: it may be a secret.
impl fmt::Debug for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({:?} of {:?})", self.kind, self.owner)
    }
}

/// Letters and digits alone, so that it is spelled alike in HTML, JSON and addresses.
pub fn unguessable() -> String {
    format!("m{:032x}", rand::random::<u128>())
}
