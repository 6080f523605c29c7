//! "Why is this page cached?" explains to developers what is cached on a page, since when and until
//! when.

use std::{sync::Arc, time::Duration};

use leptos::prelude::*;

use super::Timestamp;
use crate::shared::{moment::Validity, number::counted};

/// A closed panel with a table of the page and its cached parts; once hydrated, also how the page
/// was loaded, updated every second. For pages of a site whose lab is enabled.
#[component]
pub fn WhyCached(
    /// The page itself; `None` if it is not cached: it was rendered for this request alone, or the
    /// browser fetched only its data.
    page: Option<Validity>,
    /// The parts cached separately, each with its name, and the id of the time that it was rendered
    /// at.
    parts: Vec<(&'static str, &'static str, Validity)>,
) -> impl IntoView {
    let description = RwSignal::new(None::<String>);
    if page.is_some() {
        follow(description);
    }
    let page = match page {
        Some(validity) => row("The whole page", "page-rendered-at", validity).into_any(),
        None => view! {
            <tr>
                <th scope="row">"The whole page"</th>
                <td colspan="2">"Not cached: rendered for this request."</td>
            </tr>
        }
        .into_any(),
    };
    let parts = parts.into_iter().map(|(name, id, validity)| row(name, id, validity)).collect_view();
    view! {
        <details class="why">
            <summary>"For developers: why is this page cached?"</summary>
            <p>
                "To load instantly. Each part is reused until it expires or something it shows changes. \
                 This profile summary is cached per user!"
            </p>
            <table>
                <thead>
                    <tr>
                        <th scope="col">"What"</th>
                        <th scope="col">"Rendered at"</th>
                        <th scope="col">"Valid until"</th>
                    </tr>
                </thead>
                <tbody>{page} {parts}</tbody>
            </table>
            {move || description.get().map(|description| view! { <p id="how-it-came">{description}</p> })}
        </details>
    }
}

fn row(name: &'static str, id: &'static str, validity: Validity) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>
                <Timestamp moment=validity.rendered_at id exact=true />
            </td>
            <td>
                <Timestamp moment=validity.valid_until exact=true />
            </td>
        </tr>
    }
}

/// How the page was loaded, from `Server-Timing`: what the page cache did, and how many seconds
/// ago. Absent on the server.
#[derive(Clone)]
pub struct Arrival(Arc<dyn Fn() -> Option<(String, i64)> + Send + Sync>);

impl Arrival {
    /// Wraps the browser's implementation.
    pub fn new(read: impl Fn() -> Option<(String, i64)> + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }
}

/// Updates the text every second, in the browser.
fn follow(description: RwSignal<Option<String>>) {
    let Some(arrival) = use_context::<Arrival>() else {
        return;
    };
    Effect::new(move || {
        let arrival = arrival.clone();
        let say = move || description.set((arrival.0)().and_then(|(state, ago)| describe(&state, ago)));
        say();
        if let Ok(ticking) = set_interval_with_handle(say, Duration::from_secs(1)) {
            on_cleanup(move || ticking.clear());
        }
    });
}

/// Describes a value such as `hit; age=12; ttl=288`, received `ago` seconds ago.
fn describe(state: &str, ago: i64) -> Option<String> {
    let mut parts = state.split("; ");
    let how = match parts.next()? {
        "hit" => "Served from the cache",
        "miss" => "Rendered for this request and cached",
        _ => return None,
    };
    let mut number = |name| parts.next()?.strip_prefix(name)?.parse::<i64>().ok();
    let (age, ttl) = (number("age=")? + ago, number("ttl=")? - ago);
    let left = match ttl {
        1.. => format!("it expires in {}.", counted(ttl, "second")),
        _ => "it has expired: the next request renders it again.".to_owned(),
    };
    Some(format!("{how}. It is {} old, and {left}", counted(age, "second")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::moment::Moment;

    #[test]
    fn age_and_lifetime_are_described_some_seconds_later() {
        for (state, ago, expected) in [
            (
                "hit; age=12; ttl=288",
                0,
                "Served from the cache. It is 12 seconds old, and it expires in 288 seconds.",
            ),
            (
                "hit; age=0; ttl=9",
                1,
                "Served from the cache. It is 1 second old, and it expires in 8 seconds.",
            ),
            (
                "miss; age=0; ttl=5",
                7,
                "Rendered for this request and cached. It is 7 seconds old, and it has expired: the next request renders it again.",
            ),
        ] {
            assert_eq!(describe(state, ago).as_deref(), Some(expected));
        }
        for state in ["", "bypass", "hit", "hit; age=x; ttl=1", "hit; ttl=1; age=1", "other; age=1; ttl=1"] {
            assert_eq!(describe(state, 0), None, "{state}");
        }
    }

    #[test]
    fn cached_and_uncached_pages_are_explained() {
        let validity = |day: u8| Validity {
            rendered_at: Moment { iso: format!("r{day}"), text: format!("rendered {day}") },
            valid_until: Moment { iso: format!("v{day}"), text: format!("valid {day}") },
        };
        let html = |page| {
            Owner::new()
                .with(|| view! { <WhyCached page parts=vec![("A part", "part", validity(2))] /> }.to_html())
        };
        let kept = html(Some(validity(1)));
        for text in ["why is this page cached?", "rendered 1", "valid 1", "A part", "rendered 2", "valid 2"] {
            assert!(kept.contains(text), "{text} in {kept}");
        }
        let not_kept = html(None);
        assert!(
            not_kept.contains("Not cached") && not_kept.contains("valid 2") && !not_kept.contains("valid 1")
        );
    }
}
