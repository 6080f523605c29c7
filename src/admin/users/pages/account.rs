//! An account's names, address, flags and permissions: shown, and changed.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{CanManage, Password, User, api::SaveUser, filter::Fact};
use crate::{
    admin::permissions::PermissionTable,
    shared::{
        forms::{Field, Problem, ReturnedForm},
        permission::Permission,
    },
    ui::{CheckField, Form, IfAllowed, TextField, Timestamp, is_superuser},
};

impl User {
    /// Returns whether the fact applies to the user.
    pub fn is(&self, fact: Fact) -> bool {
        Fact::ALL.into_iter().zip(self.facts).any(|(one, is)| one == fact && is)
    }

    /// Returns the full name; empty without one.
    fn full_name(&self) -> String {
        [self.first_name.as_str(), &self.last_name].join(" ").trim().to_owned()
    }

    /// Returns the full name, or else the username.
    pub fn shown_name(&self) -> String {
        Some(self.full_name()).filter(|name| !name.is_empty()).unwrap_or_else(|| self.username.clone())
    }
}

/// The account's data.
#[component]
pub fn Facts(user: User) -> impl IntoView {
    let name = user.full_name();
    let is_verified = user.is(Fact::Verified);
    let second_factor = if user.is(Fact::SecondFactor) { "On" } else { "Off" };
    let address = format!("{}{}", user.email, if is_verified { "" } else { " (unconfirmed)" });
    let password = match user.password {
        Password::Set => "Set",
        Password::None => "Not set yet",
        Password::Off => "Disabled",
    };
    let seen = match user.seen {
        Some(moment) => view! { <Timestamp moment /> }.into_any(),
        None => "Never".into_any(),
    };
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("q", &user.username).finish();
    let (sessions, activity) =
        (format!("/admin/sessions?{query}"), format!("/admin/activity?user={}", user.id));
    view! {
        <section class="card" aria-labelledby="account">
            <h2 id="account">"Account"</h2>
            <dl class="facts">
                <dt>"Name"</dt>
                <dd>
                    <bdi>{if name.is_empty() { "–".to_owned() } else { name }}</bdi>
                </dd>
                <dt>"Email address"</dt>
                <dd>{address}</dd>
                <dt>"Password"</dt>
                <dd>{password}</dd>
                <dt>"Second factor"</dt>
                <dd>{second_factor}</dd>
                <dt>"Joined"</dt>
                <dd>
                    <Timestamp moment=user.joined />
                </dd>
                <dt>"Last login"</dt>
                <dd>{seen}</dd>
                {user
                    .deleted_at
                    .map(|moment| {
                        view! {
                            <dt>"Deleted on"</dt>
                            <dd>
                                <Timestamp moment />
                                ", as they asked"
                            </dd>
                        }
                    })}
            </dl>
            <IfAllowed permission=Permission::ViewSession>
                <p>
                    <a href=sessions>"Signed-in devices"</a>
                </p>
            </IfAllowed>
            <IfAllowed permission=Permission::ViewActivity>
                <p>
                    <a href=activity>"Activity"</a>
                </p>
            </IfAllowed>
        </section>
    }
}

/// The form for names, address, flags and permissions: one, so that saving one of them loses
/// nothing that was typed for another.
#[component]
pub fn AccountForm(user: User, returned: Option<ReturnedForm>) -> impl IntoView {
    let is_conflict = returned
        .as_ref()
        .is_some_and(|form| form.errors.of(Field::Form).any(|problem| *problem == Problem::ChangedMeanwhile));
    let differences = returned.as_ref().filter(|_| is_conflict).map(|form| differences(&user, form));
    view! {
        <section class="card wide" aria-labelledby="change">
            <h2 id="change">"Change"</h2>
            {differences}
            <Form path=SaveUser::PATH submit="Save" plain=true returned>
                <input type="hidden" name="user" value=user.id.to_string() />
                <input type="hidden" name="version" value=user.version.to_string() />
                <TextField field=Field::Username label="Username" autocomplete="off" present=user.username.clone() />
                <TextField
                    field=Field::FirstName
                    label="First name (optional)"
                    autocomplete="off"
                    present=user.first_name.clone()
                    optional=true
                    capitals="words"
                />
                <TextField
                    field=Field::LastName
                    label="Last name (optional)"
                    autocomplete="off"
                    present=user.last_name.clone()
                    optional=true
                    capitals="words"
                />
                <TextField
                    field=Field::Email
                    label="Email address"
                    kind="email"
                    autocomplete="off"
                    present=user.email.clone()
                    help="A new address counts as unconfirmed unless you tick the box below. The old address \
                          is notified."
                />
                <Flags user=user.clone() />
                <Permissions user />
            </Form>
        </section>
    }
}

/// The table of permissions, to change inside a form or only to read.
#[component]
pub fn Permissions(user: User, #[prop(optional)] is_read_only: bool) -> impl IntoView {
    view! {
        {user
            .is(Fact::Superuser)
            .then(|| {
                view! { <p class="help">"A superuser has all permissions, whatever is selected here."</p> }
            })}
        <PermissionTable choices=user.permissions is_read_only />
        {(!user.unknown.is_empty())
            .then(|| {
                view! {
                    <p class="help">
                        "Unknown permissions (kept unchanged): "
                        {user.unknown.join(", ")}
                    </p>
                }
            })}
    }
}

/// A separate component, so that the checkboxes are created inside the form, which provides their
/// submitted values.
#[component]
fn Flags(user: User) -> impl IntoView {
    let is_own = user.can_manage == CanManage::Own;
    let may_make_superusers = is_superuser();
    [
        (Field::IsVerified, "The email address is confirmed", Fact::Verified, false),
        (Field::IsActive, "Active (can log in)", Fact::Active, is_own),
        (Field::IsStaff, "Staff (can open the admin)", Fact::Staff, is_own),
        (
            Field::IsSuperuser,
            "Superuser (has all permissions)",
            Fact::Superuser,
            is_own || !may_make_superusers,
        ),
    ]
    .map(|(field, label, fact, disabled)| {
        view! { <CheckField field label present=user.is(fact) disabled=disabled /> }
    })
    .collect_view()
}

/// After a conflicting change, shows both: what is stored now, and what the caller typed.
fn differences(user: &User, form: &ReturnedForm) -> AnyView {
    let texts = [
        ("Username", Field::Username, &user.username),
        ("First name", Field::FirstName, &user.first_name),
        ("Last name", Field::LastName, &user.last_name),
        ("Email address", Field::Email, &user.email),
    ]
    .map(|(label, field, now)| {
        let typed = form.values.get(field.name()).cloned().unwrap_or_default();
        (label, now.clone(), typed)
    });
    let flags = [
        ("Confirmed address", Field::IsVerified, Fact::Verified),
        ("Active", Field::IsActive, Fact::Active),
        ("Staff", Field::IsStaff, Fact::Staff),
        ("Superuser", Field::IsSuperuser, Fact::Superuser),
    ]
    .map(|(label, field, fact)| {
        let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
        (label, word(user.is(fact)), word(form.values.contains_key(field.name())))
    });
    let rows = texts
        .into_iter()
        .chain(flags)
        .filter(|(_, now, typed)| now != typed)
        .map(|(label, now, typed)| {
            view! {
                <tr>
                    <th scope="row">{label}</th>
                    <td data-label="Saved now">{now}</td>
                    <td data-label="You typed">{typed}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="list differences">
            <caption>"Saved in the meantime"</caption>
            <thead>
                <tr>
                    <th scope="col">"Field"</th>
                    <th scope="col">"Saved now"</th>
                    <th scope="col">"You typed"</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
