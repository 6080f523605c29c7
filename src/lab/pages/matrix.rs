//! The two cache entries of the daily task.

use leptos::prelude::*;

use super::super::{Lifetime, Matrix, OwnPair, Pair, api};
use super::timetable::{Timetable, TimetableRow};
use crate::{
    shared::moment::Moment,
    ui::{Data, Loaded, Page, Timestamp},
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
        when: "before minute 5",
        expected: ["same", "same"],
        lesson: "both the same",
        lesson_is_right: true,
    },
    TimetableRow {
        from: 300,
        when: "from minute 5 to 15",
        expected: ["new", "same"],
        lesson: "view the same, fragment new",
        lesson_is_right: false,
    },
    TimetableRow {
        from: 900,
        when: "from minute 15 on",
        expected: ["new", "new"],
        lesson: "both new",
        lesson_is_right: true,
    },
];

/// `/lab/matrix`
#[component]
pub fn MatrixPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_matrix());
    view! {
        <Page title="Daily task: the dashboard">
            <p class="lead">
                "The dashboard’s view is cached for 5 minutes and the profile summary in it for 15, both per member. Here is a public twin with the same two lifetimes, beside your own dashboard if you are signed in."
            </p>
            <Loaded data show=|matrix| view! { <Observed matrix /> } />
            <h2>"Where the lesson is wrong"</h2>
            <p>
                "Its middle row is the wrong way round: the view is cached for only 5 minutes, so it is \
                 rendered again first, and finds the fragment still cached."
            </p>
            <p>
                "It says that another user’s first request is a miss. It is not: what its " <code>"@cache_page"</code>
                " stores has the address alone as its key, because the session’s " <code>"Vary: Cookie"</code>
                " is added later, after the page was stored. The second user is served the first one’s \
                 dashboard. Here the type system makes the owner part of an entry’s key."
            </p>
            <p>
                "Its page has a place for the view’s time but never fills it; here both times are shown. And \
                 its fragment shows a last login that is up to 15 minutes old; here a login invalidates the \
                 member’s cached entries."
            </p>
        </Page>
    }
}

#[component]
fn Observed(matrix: Matrix) -> impl IntoView {
    let Matrix { twin: Pair { view, summary }, own } = matrix;
    let second = summary.age;
    view! {
        <div class="columns">
            <section class="card" aria-labelledby="twin">
                <h2 id="twin">"The twin"</h2>
                <p>"View rendered at " <Timestamp moment=view.made_at.clone() id="view-rendered-at" exact=true /> {times(&view)}</p>
                <p>"Fragment rendered at " <Timestamp moment=summary.made_at.clone() id="fragment-rendered-at" exact=true /> {times(&summary)}</p>
            </section>
            <section class="card" aria-labelledby="own">
                <h2 id="own">"Your dashboard"</h2>
                {own_times(own)}
            </section>
        </div>
        <Timetable
            caption="What to expect of the twin, counted from the time of its fragment"
            columns=["View", "Fragment"]
            rows=&EXPECTED
            now=Some(second)
        />
    }
}

fn times(seen: &Lifetime) -> String {
    format!(", {} s ago; expires in {} s.", seen.age, seen.left)
}

fn own_times(own: Option<OwnPair>) -> AnyView {
    let Some(OwnPair { view, summary }) = own else {
        return view! {
            <p>
                <a href="/accounts/login?next=/lab/matrix">"Log in"</a>
                " to see it here."
            </p>
        }
        .into_any();
    };
    let line = |what: &'static str, id: &'static str, made_at: Option<Moment>| match made_at {
        Some(moment) => {
            view! { <p>{what} " rendered at " <Timestamp moment id=id exact=true /></p> }.into_any()
        }
        None => view! { <p>{what} ": not cached at the moment."</p> }.into_any(),
    };
    view! {
        {line("View", "own-view-rendered-at", view)}
        {line("Fragment", "own-fragment-rendered-at", summary)}
        <p>
            "Viewing this page does not cache it. "
            <a href="/members/dashboard">"Open the dashboard"</a>
            " does."
        </p>
    }
    .into_any()
}
