//! Timestamps. The server formats them: clock, language and time zone of the browser may differ,
//! and hydration must find the same text. Where scripts run, `public/times.js` then rewrites it.

use std::sync::Arc;

use leptos::prelude::*;

use super::PageContext;
use crate::shared::moment::Moment;

/// A timestamp on a page: to the minute and in the visitor's time zone, which [`ZoneNote`] names.
/// The title says the full time.
#[component]
pub fn Timestamp(
    /// The timestamp.
    moment: Moment,
    /// The element's id.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Whether to show it to the second and in UTC, where times are compared.
    #[prop(optional)]
    exact: bool,
) -> impl IntoView {
    let Moment { iso, text } = moment;
    let shown = use_context::<InZone>().filter(|_| !exact).and_then(|zone| (zone.0)(&iso));
    let title = (!exact).then(|| text.clone());
    view! {
        <time id=id datetime=iso title=title data-exact=exact.then_some("")>
            {shown.unwrap_or(text)}
        </time>
    }
}

/// Formats a time, given as RFC 3339, in the visitor's zone. Only on the server.
#[derive(Clone)]
pub struct InZone(Arc<Shown>);

type Shown = dyn Fn(&str) -> Option<String> + Send + Sync;

impl InZone {
    /// Wraps the server's implementation.
    pub fn new(shown: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(shown))
    }
}

/// Says once which zone the times of the page are in. Visible where there are some and no script
/// rewrites them (`site.css`).
#[component]
pub fn ZoneNote() -> impl IntoView {
    let zone = use_context::<PageContext>().and_then(|context| context.time_zone);
    view! { <p class="zone-note">{format!("Times are in {}.", zone.as_deref().unwrap_or("UTC"))}</p> }
}
