//! Components that every feature uses, and what a page knows of its visitor.

pub mod flash;
pub mod form;
pub mod page;
pub mod pager;
pub mod time;

use std::sync::Arc;

use leptos::prelude::{StoredValue, UpdateValue, use_context};
use serde::{Deserialize, Serialize};

pub use flash::FlashMessages;
pub use form::{Form, TextField};
pub use page::{ErrorText, Loaded, Page, expect_member};
pub use pager::Pager;
pub use time::{Moment, Timestamp};

use crate::forms::ReturnedForm;

/// What a page may know of who looks at it. Nothing else about a member reaches the browser unasked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The name that they log in with.
    pub username: String,
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
    /// A refused form that came back without JavaScript.
    pub form: Option<ReturnedForm>,
}

/// What the page that was loaded shows once: a navigation within the browser to another page does not bring it back.
#[derive(Clone, Copy)]
pub struct Once(StoredValue<(Vec<flash::Flash>, Option<ReturnedForm>)>);

impl Once {
    /// Takes it from the page's context.
    pub fn new(context: &PageContext) -> Self {
        Self(StoredValue::new((context.messages.clone(), context.form.clone())))
    }

    /// The messages, the first time.
    pub fn messages() -> Vec<flash::Flash> {
        use_context::<Self>()
            .and_then(|once| once.0.try_update_value(|once| std::mem::take(&mut once.0)))
            .unwrap_or_default()
    }

    /// The refused form, if it is this one, the first time.
    pub fn form(path: &str) -> Option<ReturnedForm> {
        use_context::<Self>()?.0.try_update_value(|once| once.1.take_if(|form| form.form == path))?
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
        if let Some(set) = use_context::<Self>() {
            (set.0)(status, retry_after);
        }
    }
}
