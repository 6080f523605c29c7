//! Django's `dumpdata`: one array of `{"model": …, "pk": …, "fields": {…}}` in any order. It is
//! read three times from end to end and never held in memory: for what accounts refer to, for the
//! accounts, and for their addresses.

use std::{
    collections::{BTreeSet, HashMap},
    path::Path,
};

use serde_json::Value;

use super::{
    django::{Catalog, DjangoUser, UserModel, natural_key, owner_key, primary_key},
    import_row::{Batch, ImportRow, IncomingAddress, IncomingGroup, RowOwner},
    progress::Progress,
    reading::{Batches, open},
    rows::{FieldSelection, Fields, FixtureRow, each_row},
    valid_user::{Rejection, Warning},
};

/// The maximum number of permissions, groups and content types together; no real site has more.
const MAX_CATALOG: usize = 200_000;

/// Characters of a model's name in a message.
const MAX_SHOWN_CHARS: usize = 100;

const PERMISSION: &str = "auth.permission";
const GROUP: &str = "auth.group";
const CONTENT_TYPE: &str = "contenttypes.contenttype";
const ADDRESS: &str = "account.emailaddress";

/// Reads a dump and passes its rows on in batches, until `give` returns false.
///
/// # Errors
/// A sentence that says what is wrong with the file.
pub fn read(
    file: &Path,
    users: &UserModel,
    progress: &Progress,
    mut give: impl FnMut(Batch) -> bool,
) -> Result<(), String> {
    progress.expect(3 * std::fs::metadata(file).map_or(0, |about| about.len()));
    let mut first = FirstPass { user_model: users.label(), ..Default::default() };
    let small = [PERMISSION, GROUP, CONTENT_TYPE];
    let field = users.username_field();
    let wanted = FieldSelection { models: &|model| small.contains(&model), field };
    each_row(open(file, progress)?, &wanted, |row| first.take(row))?;
    if first.users == 0 {
        return Err(first.nobody());
    }
    let shown = first.shown_models();
    let mut catalog = first.catalog();
    let groups = std::mem::take(&mut catalog.incoming);
    if !give(Batch::Groups(groups)) {
        return Ok(());
    }
    let label = users.label();
    let mut batches = Batches::new(Batch::Users, &mut give);
    let wanted = FieldSelection { models: &|model| model == label, field };
    each_row(open(file, progress)?, &wanted, |row| match row.fields {
        Some(fields) if !fields.has_any(&["password", "email", field]) => {
            Err(extends_another(&label, &shown))
        }
        Some(fields) => batches.push(user(&catalog, &row.pk, fields, field)),
        None => Ok(()),
    })
    .and_then(|()| batches.flush())?;
    let mut batches = Batches::new(Batch::Addresses, &mut give);
    let wanted = FieldSelection { models: &|model| model == ADDRESS, field };
    each_row(open(file, progress)?, &wanted, |row| {
        row.fields.and_then(address).map_or(Ok(()), |address| batches.push(address))
    })
    .and_then(|()| batches.flush())
}

/// The results of the first pass, which is needed because a row may refer to a later one.
#[derive(Default)]
struct FirstPass {
    user_model: String,
    users: u64,
    models: BTreeSet<String>,
    /// App labels by the primary keys of their content types.
    apps: HashMap<String, String>,
    permissions: Vec<(Option<String>, String, Value)>,
    groups: Vec<(Option<String>, String, Value)>,
}

impl FirstPass {
    fn take(&mut self, row: FixtureRow) -> Result<(), String> {
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
                if let (Some(pk), Some(Value::String(app))) = (pk, fields.get("app_label")) {
                    self.apps.insert(pk, app);
                }
            }
            PERMISSION => {
                if let Some(Value::String(codename)) = fields.get("codename") {
                    let content_type = fields.get("content_type").unwrap_or_default();
                    self.permissions.push((pk, codename, content_type));
                }
            }
            GROUP => {
                if let Some(Value::String(name)) = fields.get("name") {
                    self.groups.push((pk, name, fields.get("permissions").unwrap_or_default()));
                }
            }
            _ => {}
        }
        if self.apps.len() + self.permissions.len() + self.groups.len() > MAX_CATALOG {
            return Err("there are too many permissions and groups in it".to_owned());
        }
        Ok(())
    }

    fn shown_models(&self) -> String {
        // Escaped, because it goes to a terminal.
        let shown = |model: &String| {
            model.chars().take(MAX_SHOWN_CHARS).collect::<String>().escape_debug().to_string()
        };
        self.models.iter().map(shown).collect::<Vec<_>>().join(", ")
    }

    fn nobody(&self) -> String {
        format!(
            "there is no {} in it; if the site has a user model of its own, name it with --user-model (in the file: {})",
            self.user_model,
            self.shown_models()
        )
    }

    fn catalog(self) -> Catalog {
        let mut catalog = Catalog::default();
        for (pk, codename, content_type) in self.permissions {
            let app = match &content_type {
                // `--natural-foreign` writes [app, model].
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
            catalog.incoming.push(IncomingGroup {
                key,
                name,
                permissions,
                requires_second_factor: false,
                notes,
            });
        }
        catalog
    }
}

/// Returns a primary key or a reference to one; `None` with `--natural-primary`.
fn pk_of(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(primary_key(text)),
        _ => None,
    }
}

fn permission_names(catalog: &Catalog, references: &Value, notes: &mut Vec<Warning>) -> Vec<String> {
    let mut names = Vec::new();
    for reference in references.as_array().into_iter().flatten() {
        let name = match reference {
            // `--natural-foreign` writes [codename, app, model].
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
            None => notes.push(Warning::Permission(reference.to_string())),
        }
    }
    names
}

fn group_names(catalog: &Catalog, references: &Value, notes: &mut Vec<Warning>) -> Vec<String> {
    let mut names = Vec::new();
    for reference in references.as_array().into_iter().flatten() {
        let name = match reference {
            Value::Array(natural) => natural.first().and_then(Value::as_str).map(str::to_owned),
            other => pk_of(other).and_then(|pk| catalog.groups.get(&pk).cloned()),
        };
        match name {
            Some(name) => names.push(name),
            None => notes.push(Warning::Group(reference.to_string())),
        }
    }
    names
}

/// Returns the error for a model whose rows have no column of a user but the key.
fn extends_another(label: &str, models: &str) -> String {
    format!(
        "{label} has neither passwords nor addresses: it adds to another model (multi-table inheritance), so name that one with --user-model (in the file: {models})"
    )
}

fn user(catalog: &Catalog, pk: &Value, fields: Fields, username: &str) -> ImportRow {
    let mut user = DjangoUser { pk: pk_of(pk), ..Default::default() };
    let read = read_user(catalog, &mut user, fields, username);
    user.incoming_after(read)
}

fn read_user(
    catalog: &Catalog,
    user: &mut DjangoUser,
    fields: Fields,
    username: &str,
) -> Result<(), Rejection> {
    // First the fields by which the report names the account.
    user.email = text(fields.get("email"), "email")?;
    user.username = text(fields.get(username), "username")?;
    let list = |list: Option<Value>| list.unwrap_or_default();
    user.groups = group_names(catalog, &list(fields.get("groups")), &mut user.notes);
    user.permissions = permission_names(catalog, &list(fields.get("user_permissions")), &mut user.notes);
    user.password = text(fields.get("password"), "password")?;
    user.first_name = text(fields.get("first_name"), "first_name")?;
    user.last_name = text(fields.get("last_name"), "last_name")?;
    user.is_active = flag(fields.get("is_active"), "is_active")?;
    user.is_staff = flag(fields.get("is_staff"), "is_staff")?;
    user.is_superuser = flag(fields.get("is_superuser"), "is_superuser")?;
    user.date_joined = text(fields.get("date_joined"), "date_joined")?;
    user.last_login = text(fields.get("last_login"), "last_login")?;
    Ok(())
}

fn text(value: Option<Value>, column: &'static str) -> Result<Option<String>, Rejection> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
        // Names may be numbers, and MySQL has numbers for true and false.
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(_) => Err(Rejection::Value(column)),
    }
}

/// A flag that is null counts as false.
fn flag(value: Option<Value>, column: &'static str) -> Result<Option<String>, Rejection> {
    match value {
        Some(Value::Null) => Ok(Some("false".to_owned())),
        other => text(other, column),
    }
}

/// Returns an address that allauth has confirmed.
fn address(fields: Fields) -> Option<IncomingAddress> {
    let is_verified = match fields.get("verified")? {
        Value::Bool(verified) => verified,
        other => other.as_i64() == Some(1),
    };
    let email = fields.get("email")?.as_str()?.to_owned();
    let owner = match &fields.get("user")? {
        Value::Array(natural) => RowOwner::Name(natural.first()?.as_str()?.to_owned()),
        other => RowOwner::Key(owner_key(&pk_of(other)?)),
    };
    is_verified.then_some(IncomingAddress { owner, email })
}
