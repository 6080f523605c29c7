//! Moments. They are put into words on the server: clock, language and time zone of the browser differ, and hydration must not.

use leptos::prelude::*;

use crate::shared::moment::Moment;

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
