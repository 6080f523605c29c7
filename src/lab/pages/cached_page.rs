//! Exercise 6. The whole page is cached, including its explanations, so it must not say anything
//! about the present.

use leptos::prelude::*;

use super::super::{FRAGMENT_TTL, api};
use super::timetable::{Timetable, TimetableRow};
use crate::{
    shared::{moment::Moment, paths::CACHED_PAGE_TTL},
    ui::{Cached, Data, Loaded, Page, Timestamp},
};

static EXPECTED: [TimetableRow; 4] = [
    TimetableRow {
        from: 0,
        when: "first request",
        expected: ["new", "new"],
        lesson: "both new",
        lesson_is_right: true,
    },
    TimetableRow {
        from: 1,
        when: "before second 30",
        expected: ["same", "same"],
        lesson: "both the same",
        lesson_is_right: true,
    },
    TimetableRow {
        from: 30,
        when: "from second 30 to 60",
        expected: ["same", "same"],
        lesson: "page the same, fragment new",
        lesson_is_right: false,
    },
    TimetableRow {
        from: 60,
        when: "from second 60 on",
        expected: ["new", "new"],
        lesson: "both new",
        lesson_is_right: true,
    },
];

/// `/lab/cached-page`
#[component]
pub fn CachedPagePage() -> impl IntoView {
    let rendered_at = Data::load(|| (), |()| api::tell_time());
    view! {
        <Page title="Exercise 6: a page and a fragment">
            <p class="lead">
                {format!(
                    "This whole page is cached for {} seconds: once for all anonymous visitors, and once per \
                     member. The fragment in it is cached for {} seconds.",
                    CACHED_PAGE_TTL.as_secs(),
                    FRAGMENT_TTL.as_secs(),
                )}
            </p>
            <div class="columns">
                <section class="card" aria-labelledby="the-page">
                    <h2 id="the-page">"The page"</h2>
                    <Loaded
                        data=rendered_at
                        show=|at: Moment| {
                            view! { <p>"Page rendered at " <Timestamp moment=at id="page-rendered-at" exact=true /></p> }
                        }
                    />
                </section>
                <section class="card" aria-labelledby="the-fragment">
                    <h2 id="the-fragment">"The fragment"</h2>
                    <Cached name="lab_fragment" ttl=FRAGMENT_TTL let:_parts>
                        <FragmentTime />
                    </Cached>
                </section>
            </div>
            <Timetable caption="What to expect after the first request" columns=["Page", "Fragment"] rows=&EXPECTED />
            <h2>"Where the lesson is wrong"</h2>
            <p>
                "The lesson expects the fragment to change between the seconds 30 and 60. It cannot: a \
                 cached page is sent as it was stored, and the fragment’s code does not run. The fragment’s \
                 shorter lifetime shows only when the page is rendered again. So a fragment in a cached \
                 page pays only if it lives longer than the page, or if several pages share it."
            </p>
            <p>
                "This page does what Django does. By default, pages here expire together with the first of their cached parts, so that no part is shown after it has expired; this page is the exception."
            </p>
        </Page>
    }
}

/// The content of the fragment: rendered separately from the page, and without anybody's data.
#[component]
fn FragmentTime() -> impl IntoView {
    let rendered_at = Data::load(|| (), |()| api::tell_time());
    view! {
        <Loaded
            data=rendered_at
            show=|at: Moment| {
                view! { <p>"Fragment rendered at " <Timestamp moment=at id="fragment-rendered-at" exact=true /></p> }
            }
        />
    }
}
