//! What the server tells a page.

use std::sync::Arc;

use leptos::{
    leptos_dom::helpers::is_server,
    prelude::{StoredValue, UpdateValue, use_context},
};
use serde::{Deserialize, Serialize};

use super::flash;
use crate::shared::{
    forms::ReturnedForm, login_method::LoginMethod, moment::Moment, password_rules::PasswordRules,
    permission::Permission, theme::Theme,
};

/// What a page knows of its visitor. Nothing else about a member reaches the browser unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The username.
    pub username: String,
    /// The first name; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub first_name: String,
    /// Whether the navigation links to the admin.
    pub is_staff: bool,
    /// Whether they have all permissions, including those that cannot be granted.
    pub is_superuser: bool,
    /// The permissions for [`IfAllowed`](super::IfAllowed). They only hide what the visitor cannot
    /// use; the server checks for itself.
    pub may: Vec<Permission>,
}

impl Visitor {
    /// Returns the name to greet the visitor by.
    pub fn greeted_as(self) -> String {
        if self.first_name.is_empty() { self.username } else { self.first_name }
    }
}

/// Returns whether the visitor is a superuser. For display only; the server checks for itself.
pub fn is_superuser() -> bool {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    visitor.is_some_and(|visitor| visitor.is_superuser)
}

/// The context with which the server renders a page; the browser reads it from the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContext {
    /// The site's name.
    pub site_name: String,
    /// The signed-in member, if any.
    pub visitor: Option<Visitor>,
    /// The theme of this browser.
    #[serde(default, skip_serializing_if = "Theme::is_system")]
    pub theme: Theme,
    /// Messages to be shown once.
    pub messages: Vec<flash::Flash>,
    /// Whether the lab is enabled.
    #[serde(default)]
    pub has_lab: bool,
    /// Whether the site runs in development.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_development: bool,
    /// Whether mails are shown in the developers' mailbox.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_mailbox: bool,
    /// Whether members cannot log in by a mailed code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_mail_login_off: bool,
    /// What the last login in this browser began with; only on the login page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login: Option<LoginMethod>,
    /// The rules for new passwords.
    #[serde(default, skip_serializing_if = "PasswordRules::is_default")]
    pub password_rules: PasswordRules,
    /// A refused form that was returned without JavaScript.
    pub form: Option<ReturnedForm>,
    /// The impersonation, if there is one.
    pub impersonation: Option<Notice>,
    /// The request's id; only where nothing exists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The time zone of the visitor, unless it is UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Whether nothing exists at this address, for this visitor.
    pub is_missing: bool,
}

/// What a loaded page shows once: navigating to another page within the browser does not show it
/// again.
#[derive(Clone, Copy)]
pub struct Once(StoredValue<Loading>);

struct Loading {
    messages: Vec<flash::Flash>,
    form: Option<ReturnedForm>,
    is_over: bool,
}

impl Once {
    /// Takes messages and form from the page's context.
    pub fn new(context: &PageContext) -> Self {
        let (messages, form) = (context.messages.clone(), context.form.clone());
        Self(StoredValue::new(Loading { messages, form, is_over: false }))
    }

    /// Returns the messages, on the first call.
    pub fn messages() -> Vec<flash::Flash> {
        use_context::<Self>()
            .and_then(|once| once.0.try_update_value(|once| std::mem::take(&mut once.messages)))
            .unwrap_or_default()
    }

    /// Returns the refused form with this path, on the first call. On the server on every call: a
    /// page is rendered there once, but the parts that wait for data more than once.
    pub fn form(path: &str) -> Option<ReturnedForm> {
        let once = use_context::<Self>()?.0;
        once.try_update_value(|once| {
            if is_server() {
                return once.form.clone().filter(|form| form.form == path);
            }
            once.form.take_if(|form| form.form == path)
        })?
    }

    /// Returns whether the page was loaded, as opposed to navigated to within the browser; on the
    /// first call.
    pub fn is_loaded() -> bool {
        use_context::<Self>()
            .and_then(|once| once.0.try_update_value(|once| !std::mem::replace(&mut once.is_over, true)))
            .unwrap_or(true)
    }
}

/// Sets the status of the page being rendered, and `Retry-After` in seconds. Only on the server; in
/// the browser it has no effect.
#[derive(Clone)]
pub struct SetStatus(Arc<dyn Fn(u16, Option<u32>) + Send + Sync>);

impl SetStatus {
    /// Wraps the server's implementation.
    pub fn new(set: impl Fn(u16, Option<u32>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Sets the status of the current page.
    pub fn set(status: u16, retry_after: Option<u32>) {
        if let Some(page) = use_context::<Self>() {
            page.say(status, retry_after);
        }
    }

    /// Sets the status of this page.
    pub fn say(&self, status: u16, retry_after: Option<u32>) {
        (self.0)(status, retry_after);
    }
}

/// The content of the impersonation banner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The member of staff.
    pub actor: String,
    /// The impersonated member.
    pub member: String,
    /// The deadline of the impersonation.
    pub until: Moment,
}
