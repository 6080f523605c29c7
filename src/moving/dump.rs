//! Django's `dumpdata`: one array of `{"model": …, "pk": …, "fields": {…}}`, in any order, read three times from end to end and
//! never held: for what accounts refer to, for the accounts, for their addresses.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use serde_json::Value;

use super::{
    django::{Catalog, DjangoUser, UserModel, natural_key, owner_key, primary_key},
    incoming::{Batch, Incoming, IncomingAddress, IncomingGroup, Owner},
    person::{Note, Refusal},
    progress::Progress,
    reading::{Batches, open},
    rows::{Fields, Row, each_row},
};

/// Permissions, groups and content types together: a site with more is no site.
const MOST_IN_CATALOG: usize = 200_000;

/// Of a model's name, in a message.
const LONGEST_TOLD: usize = 100;

const PERMISSION: &str = "auth.permission";
const GROUP: &str = "auth.group";
const CONTENT_TYPE: &str = "contenttypes.contenttype";
const ADDRESS: &str = "account.emailaddress";

/// Reads a dump and hands over what is in it; `give` says whether to go on.
///
/// # Errors
/// What is wrong with the file.
pub fn read(
    file: &Path,
    users: &UserModel,
    progress: &Progress,
    mut give: impl FnMut(Batch) -> bool,
) -> Result<(), String> {
    progress.expect(3 * std::fs::metadata(file).map_or(0, |about| about.len()));
    let mut first = FirstPass { user_model: users.label(), ..Default::default() };
    let small = [PERMISSION, GROUP, CONTENT_TYPE];
    each_row(open(file, progress)?, &|model| small.contains(&model), |row| first.take(row))?;
    if first.users == 0 {
        return Err(first.nobody());
    }
    let mut catalog = first.catalog();
    let groups = std::mem::take(&mut catalog.incoming);
    if !give(Batch::Groups(groups)) {
        return Ok(());
    }
    let label = users.label();
    let mut batches = Batches::new(Batch::Users, &mut give);
    each_row(open(file, progress)?, &|model| model == label, |row| match row.fields {
        Some(fields) if row.model == label => batches.push(user(&catalog, &row.pk, fields)),
        _ => Ok(()),
    })
    .and_then(|()| batches.flush())?;
    let mut batches = Batches::new(Batch::Addresses, &mut give);
    each_row(open(file, progress)?, &|model| model == ADDRESS, |row| match row.fields {
        Some(fields) if row.model == ADDRESS => {
            address(fields).map_or(Ok(()), |address| batches.push(address))
        }
        _ => Ok(()),
    })
    .and_then(|()| batches.flush())
}

/// What the first reading finds. Whatever refers to something may stand before it.
#[derive(Default)]
struct FirstPass {
    user_model: String,
    users: u64,
    models: BTreeSet<String>,
    /// Labels of apps by primary key.
    apps: HashMap<String, String>,
    permissions: Vec<(Option<String>, String, Value)>,
    groups: Vec<(Option<String>, String, Value)>,
}

impl FirstPass {
    fn take(&mut self, row: Row) -> Result<(), String> {
        const MODELS_TOLD: usize = 30;
        self.users += u64::from(row.model == self.user_model);
        if self.models.len() < MODELS_TOLD && !self.models.contains(&row.model) {
            self.models.insert(row.model.clone());
        }
        let Some(fields) = row.fields else {
            return Ok(());
        };
        let pk = pk_of(&row.pk);
        match row.model.as_str() {
            CONTENT_TYPE => {
                if let (Some(pk), Value::String(app)) = (pk, fields.app_label) {
                    self.apps.insert(pk, app);
                }
            }
            PERMISSION => {
                if let Value::String(codename) = fields.codename {
                    self.permissions.push((pk, codename, fields.content_type));
                }
            }
            GROUP => {
                if let Value::String(name) = fields.name {
                    self.groups.push((pk, name, fields.permissions));
                }
            }
            _ => {}
        }
        if self.apps.len() + self.permissions.len() + self.groups.len() > MOST_IN_CATALOG {
            return Err("there are too many permissions and groups in it".to_owned());
        }
        Ok(())
    }

    fn nobody(&self) -> String {
        // Whatever they are: this goes to a terminal.
        let shown =
            |model: &String| model.chars().take(LONGEST_TOLD).collect::<String>().escape_debug().to_string();
        let models: Vec<String> = self.models.iter().map(shown).collect();
        format!(
            "there is no {} in it; if the site has a user model of its own, name it with --user-model (in the file: {})",
            self.user_model,
            models.join(", ")
        )
    }

    fn catalog(self) -> Catalog {
        let mut catalog = Catalog::default();
        for (pk, codename, content_type) in self.permissions {
            let app = match &content_type {
                // `--natural-foreign`: [app, model]
                Value::Array(natural) => natural.first().and_then(Value::as_str).map(str::to_owned),
                other => pk_of(other).and_then(|pk| self.apps.get(&pk).cloned()),
            };
            if let (Some(pk), Some(app)) = (pk, app) {
                catalog.permissions.insert(pk, format!("{app}.{codename}"));
            }
        }
        for (pk, name, permissions) in self.groups {
            let mut notes = Vec::new();
            let permissions = permission_names(&catalog, &permissions, &mut notes);
            let key = pk.clone().unwrap_or_else(|| natural_key(&name));
            if let Some(pk) = pk {
                catalog.groups.insert(pk, name.clone());
            }
            catalog.incoming.push(IncomingGroup { key, name, permissions, notes });
        }
        catalog
    }
}

/// A primary key, or a reference to one; none with `--natural-primary`.
fn pk_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(primary_key(text)),
        _ => None,
    }
}

fn permission_names(catalog: &Catalog, references: &Value, notes: &mut Vec<Note>) -> Vec<String> {
    let mut names = Vec::new();
    for reference in references.as_array().into_iter().flatten() {
        let name = match reference {
            // `--natural-foreign`: [codename, app, model]
            Value::Array(natural) => match (natural.first(), natural.get(1)) {
                (Some(Value::String(codename)), Some(Value::String(app))) => {
                    Some(format!("{app}.{codename}"))
                }
                _ => None,
            },
            other => pk_of(other).and_then(|pk| catalog.permissions.get(&pk).cloned()),
        };
        match name {
            Some(name) => names.push(name),
            None => notes.push(Note::Permission(reference.to_string())),
        }
    }
    names
}

fn group_names(catalog: &Catalog, references: &Value, notes: &mut Vec<Note>) -> Vec<String> {
    let mut names = Vec::new();
    for reference in references.as_array().into_iter().flatten() {
        let name = match reference {
            Value::Array(natural) => natural.first().and_then(Value::as_str).map(str::to_owned),
            other => pk_of(other).and_then(|pk| catalog.groups.get(&pk).cloned()),
        };
        match name {
            Some(name) => names.push(name),
            None => notes.push(Note::Group(reference.to_string())),
        }
    }
    names
}

fn user(catalog: &Catalog, pk: &Value, fields: Fields) -> Incoming {
    let pk = pk_of(pk);
    let name = fields.username.as_str().unwrap_or_default().to_owned();
    let key = pk.as_deref().map_or_else(|| natural_key(&name), owner_key);
    read_user(catalog, pk, fields).map(DjangoUser::incoming).unwrap_or_else(|refusal| Incoming {
        key,
        name,
        found: Err(refusal),
        notes: Vec::new(),
    })
}

fn read_user(catalog: &Catalog, pk: Option<String>, fields: Fields) -> Result<DjangoUser, Refusal> {
    let mut notes = Vec::new();
    Ok(DjangoUser {
        pk,
        groups: group_names(catalog, &fields.groups, &mut notes),
        permissions: permission_names(catalog, &fields.user_permissions, &mut notes),
        username: text(fields.username, "username")?,
        password: text(fields.password, "password")?,
        email: text(fields.email, "email")?,
        first_name: text(fields.first_name, "first_name")?,
        last_name: text(fields.last_name, "last_name")?,
        is_active: text(fields.is_active, "is_active")?,
        is_staff: text(fields.is_staff, "is_staff")?,
        is_superuser: text(fields.is_superuser, "is_superuser")?,
        date_joined: text(fields.date_joined, "date_joined")?,
        last_login: text(fields.last_login, "last_login")?,
        notes,
    })
}

fn text(value: Value, column: &'static str) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        _ => Err(Refusal::Value(column)),
    }
}

/// allauth's, if it is confirmed.
fn address(fields: Fields) -> Option<IncomingAddress> {
    let (Value::Bool(true), Value::String(email)) = (fields.verified, fields.email) else {
        return None;
    };
    let owner = match &fields.user {
        Value::Array(natural) => Owner::Name(natural.first()?.as_str()?.to_owned()),
        other => Owner::Key(owner_key(&pk_of(other)?)),
    };
    Some(IncomingAddress { owner, email })
}
