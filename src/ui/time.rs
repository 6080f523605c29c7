//! Moments. They are put into words on the server: clock, language and time zone of the browser differ, and hydration must not.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// A moment in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// RFC 3339, for machines.
    pub iso: String,
    /// For people, in UTC.
    pub text: String,
}

/// A moment on a page.
#[component]
pub fn Timestamp(
    /// Which.
    moment: Moment,
    /// The element's id.
    #[prop(optional)]
    id: Option<&'static str>,
) -> impl IntoView {
    view! {
        <time id=id datetime=moment.iso>
            {moment.text}
        </time>
    }
}
