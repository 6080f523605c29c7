//! What the server tells a page.

use std::sync::Arc;

use leptos::{
    leptos_dom::helpers::is_server,
    prelude::{StoredValue, UpdateValue, use_context},
};
use serde::{Deserialize, Serialize};

use super::flash;
use crate::shared::{
    forms::ReturnedForm, moment::Moment, password_rules::PasswordRules, permission::Permission,
};

/// What a page may know of who looks at it. Nothing else about a member reaches the browser unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The name that they log in with.
    pub username: String,
    /// Whether the navigation leads to the admin.
    pub is_staff: bool,
    /// Whether they may everything, which is not to be had by permissions.
    pub is_superuser: bool,
    /// What [`IfAllowed`] shows. To hide what is of no use to somebody; what they may, the server asks itself.
    pub may: Vec<Permission>,
}

/// Whether the visitor may everything. A question of looks; the server asks for itself.
pub fn is_superuser() -> bool {
    let visitor = use_context::<PageContext>().and_then(|context| context.visitor);
    visitor.is_some_and(|visitor| visitor.is_superuser)
}

/// What the server tells a page when it renders it; the browser finds it in the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageContext {
    /// The site's name.
    pub site_name: String,
    /// The member who is signed in.
    pub visitor: Option<Visitor>,
    /// Messages to be shown once.
    pub messages: Vec<flash::Flash>,
    /// Whether the lab is open.
    #[serde(default)]
    pub has_lab: bool,
    /// What a new password must be.
    #[serde(default, skip_serializing_if = "PasswordRules::is_default")]
    pub password_rules: PasswordRules,
    /// A refused form that came back without JavaScript.
    pub form: Option<ReturnedForm>,
    /// Who acts as the visitor, where staff does.
    pub acting: Option<Notice>,
    /// Whether there is nothing at this address, for this visitor.
    pub is_missing: bool,
}

/// What the page that was loaded shows once: a navigation within the browser to another page does not bring it back.
#[derive(Clone, Copy)]
pub struct Once(StoredValue<Loading>);

struct Loading {
    messages: Vec<flash::Flash>,
    form: Option<ReturnedForm>,
    is_over: bool,
}

impl Once {
    /// Takes it from the page's context.
    pub fn new(context: &PageContext) -> Self {
        let (messages, form) = (context.messages.clone(), context.form.clone());
        Self(StoredValue::new(Loading { messages, form, is_over: false }))
    }

    /// The messages, the first time.
    pub fn messages() -> Vec<flash::Flash> {
        use_context::<Self>()
            .and_then(|once| once.0.try_update_value(|once| std::mem::take(&mut once.messages)))
            .unwrap_or_default()
    }

    /// The refused form, if it is this one, the first time. On the server every time: it renders a page once, but what waits for data
    /// more than once.
    pub fn form(path: &str) -> Option<ReturnedForm> {
        let once = use_context::<Self>()?.0;
        once.try_update_value(|once| {
            if is_server() {
                return once.form.clone().filter(|form| form.form == path);
            }
            once.form.take_if(|form| form.form == path)
        })?
    }

    /// Whether the page was loaded and not gone to within the browser; the first time.
    pub fn is_loaded() -> bool {
        use_context::<Self>()
            .and_then(|once| once.0.try_update_value(|once| !std::mem::replace(&mut once.is_over, true)))
            .unwrap_or(true)
    }
}

/// Sets the status of the page being rendered, and `Retry-After` in seconds. In the browser there is none, and nothing happens.
#[derive(Clone)]
pub struct SetStatus(Arc<dyn Fn(u16, Option<u32>) + Send + Sync>);

impl SetStatus {
    /// Wraps what the server does.
    pub fn new(set: impl Fn(u16, Option<u32>) + Send + Sync + 'static) -> Self {
        Self(Arc::new(set))
    }

    /// Sets the status of the present page.
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

/// What the banner says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Who acts.
    pub actor: String,
    /// As whom.
    pub member: String,
    /// Until when, at the latest.
    pub until: Moment,
}
