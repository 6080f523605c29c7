//! Django's columns, from a dump or from a database.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{
    import_row::{ImportRow, IncomingGroup},
    valid_user::{RawUser, Rejection, Warning, column},
};

/// Where a site keeps its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserModel {
    /// The app's label.
    pub app: String,
    /// The model, lower case.
    pub model: String,
    /// The column of what becomes the username; none: `username`.
    pub username: Option<String>,
}

impl UserModel {
    /// `auth.User`, `users.CustomUser`; none for what is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let (app, model) = text.split_once('.')?;
        (is_name(app) && is_name(model)).then(|| Self {
            app: app.to_ascii_lowercase(),
            model: model.to_ascii_lowercase(),
            username: None,
        })
    }

    /// The column of what becomes the username. Where a model has none, or nothing in it, the address takes its place.
    pub fn username_field(&self) -> &str {
        self.username.as_deref().unwrap_or("username")
    }

    /// As a dump writes it.
    pub fn label(&self) -> String {
        format!("{}.{}", self.app, self.model)
    }
}

/// Whether this can be the name of an app, a model or a column.
pub fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.is_empty() && text.len() <= 100
}

/// An account as Django has it: columns as text, whichever there are.
#[derive(Default)]
#[expect(missing_docs, reason = "they are Django's columns")]
pub struct DjangoUser {
    pub pk: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub is_active: Option<String>,
    pub is_staff: Option<String>,
    pub is_superuser: Option<String>,
    pub date_joined: Option<String>,
    pub last_login: Option<String>,
    pub groups: Vec<String>,
    pub permissions: Vec<String>,
    pub notes: Vec<Warning>,
}

impl DjangoUser {
    /// On its way in.
    pub fn incoming(self) -> ImportRow {
        self.incoming_after(Ok(()))
    }

    /// The same, where its columns were read, or not.
    pub fn incoming_after(mut self, columns: Result<(), Rejection>) -> ImportRow {
        // Sites whose members log in with their address have no usernames.
        let username =
            self.username.take().filter(|name| !name.trim().is_empty()).or_else(|| self.email.clone());
        let name = username.clone().unwrap_or_default();
        let key = self.pk.as_deref().map_or_else(|| natural_key(&name), owner_key);
        self.username = username;
        let notes = std::mem::take(&mut self.notes);
        ImportRow { key, name, found: columns.and_then(|()| self.raw()), notes }
    }

    fn raw(self) -> Result<RawUser, Rejection> {
        Ok(RawUser {
            // A site that has no such columns means everybody, and nobody.
            is_active: column::flag(self.is_active.as_deref(), "is_active")?.unwrap_or(true),
            is_staff: column::flag(self.is_staff.as_deref(), "is_staff")?.unwrap_or(false),
            is_superuser: column::flag(self.is_superuser.as_deref(), "is_superuser")?.unwrap_or(false),
            date_joined: column::time(self.date_joined.as_deref(), "date_joined")?,
            last_login: column::time(self.last_login.as_deref(), "last_login")?,
            username: self.username.unwrap_or_default(),
            email: self.email.unwrap_or_default(),
            password: self.password.unwrap_or_default(),
            first_name: self.first_name.unwrap_or_default(),
            last_name: self.last_name.unwrap_or_default(),
            groups: self.groups,
            permissions: self.permissions,
            email_verified_at: None,
            delete_after: None,
        })
    }
}

/// For a row without a primary key: it stays when the account is deleted here, so it must not say who that was.
pub fn natural_key(name: &str) -> String {
    let hash = Sha256::digest(name);
    hash.iter().fold("name:".to_owned(), |key, byte| key + &format!("{byte:02x}"))
}

/// A user's primary key as it is kept: the same holds for one that is more than a number or a UUID, such as a name or an address.
pub fn owner_key(pk: &str) -> String {
    let says_nothing = pk.bytes().all(|byte| byte.is_ascii_digit())
        || (pk.len() == 32 && pk.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if says_nothing { pk.to_owned() } else { natural_key(pk) }
}

/// One way to write a primary key: a UUID has dashes in a dump, and none in SQLite.
pub fn primary_key(text: &str) -> String {
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid { text.replace('-', "").to_ascii_lowercase() } else { text.to_owned() }
}

/// What accounts refer to: small, and kept in memory.
#[derive(Default)]
pub struct Catalog {
    /// `app.codename` by primary key.
    pub permissions: HashMap<String, String>,
    /// Names of groups by primary key.
    pub groups: HashMap<String, String>,
    /// The groups themselves.
    pub incoming: Vec<IncomingGroup>,
}
