//! Django's columns, from a dump or a database.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{
    import_row::{ImportRow, IncomingGroup},
    valid_user::{RawUser, Rejection, Warning, column},
};

/// The model in which a Django site keeps its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserModel {
    /// The app's label.
    pub app: String,
    /// The model's name in lower case.
    pub model: String,
    /// The column that becomes the username; `None` means `username`.
    pub username: Option<String>,
}

impl UserModel {
    /// Parses `auth.User` or `users.CustomUser`. Returns `None` if the text is not of that form.
    pub fn parse(text: &str) -> Option<Self> {
        let (app, model) = text.split_once('.')?;
        (is_name(app) && is_name(model)).then(|| Self {
            app: app.to_ascii_lowercase(),
            model: model.to_ascii_lowercase(),
            username: None,
        })
    }

    /// Returns the column that becomes the username. Where it is missing or empty, the email
    /// address is used.
    pub fn username_field(&self) -> &str {
        self.username.as_deref().unwrap_or("username")
    }

    /// Returns the model's name as a dump writes it.
    pub fn label(&self) -> String {
        format!("{}.{}", self.app, self.model)
    }
}

/// Returns whether the text can be the name of an app, a model or a column.
pub fn is_name(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !text.is_empty() && text.len() <= 100
}

/// A Django account: its columns as text, as far as they exist.
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
    /// Converts it to a row for the importer.
    pub fn incoming(self) -> ImportRow {
        self.incoming_after(Ok(()))
    }

    /// Converts it to a row for the importer; `columns` says whether its columns could be read.
    pub fn incoming_after(mut self, columns: Result<(), Rejection>) -> ImportRow {
        // Sites whose members log in with their email address have no usernames.
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
            // Without such a column, every account is active and none is staff.
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
            time_zone: None,
        })
    }
}

/// Returns the key of a row without a primary key. Keys remain when an account is deleted here, so
/// a key must not reveal the name.
pub fn natural_key(name: &str) -> String {
    let hash = Sha256::digest(name);
    hash.iter().fold("name:".to_owned(), |key, byte| key + &format!("{byte:02x}"))
}

/// Returns a user's primary key as it is stored. One that is more than a number or a UUID, such as
/// a name or an address, is hashed for the same reason.
pub fn owner_key(pk: &str) -> String {
    let says_nothing = pk.bytes().all(|byte| byte.is_ascii_digit())
        || (pk.len() == 32 && pk.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if says_nothing { pk.to_owned() } else { natural_key(pk) }
}

/// Normalises a primary key: a UUID has dashes in a dump and none in SQLite.
pub fn primary_key(text: &str) -> String {
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid { text.replace('-', "").to_ascii_lowercase() } else { text.to_owned() }
}

/// The rows that accounts refer to: few enough to be kept in memory.
#[derive(Default)]
pub struct Catalog {
    /// `app.codename` by primary key.
    pub permissions: HashMap<String, String>,
    /// Names of groups by primary key.
    pub groups: HashMap<String, String>,
    /// The groups to be imported.
    pub incoming: Vec<IncomingGroup>,
}
