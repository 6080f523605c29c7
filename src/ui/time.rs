//! Timestamps. The server formats them: clock, language and time zone of the browser may differ,
//! and hydration must find the same text.

use leptos::prelude::*;

use crate::shared::moment::Moment;

/// A timestamp on a page.
#[component]
pub fn Timestamp(
    /// The timestamp.
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
