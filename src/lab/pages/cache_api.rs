//! Exercise 5.

use leptos::prelude::*;

use super::timetable::{Timetable, TimetableRow};
use crate::{
    lab::{ApiLesson, Call, Run, VALUE_TTL, api},
    ui::{Data, Loaded, Page, Timestamp},
};

static EXPECTED: [TimetableRow; 3] = [
    TimetableRow {
        from: 0,
        when: "first request",
        expected: ["miss", "computed now"],
        lesson: "“Cache Miss”, and a second of waiting",
        lesson_is_right: true,
    },
    TimetableRow {
        from: 1,
        when: "before second 30",
        expected: ["hit", "the same time"],
        lesson: "“Cache Hit”, at once",
        lesson_is_right: true,
    },
    TimetableRow {
        from: 30,
        when: "from second 30 on",
        expected: ["miss", "computed now"],
        lesson: "“Cache Miss” again",
        lesson_is_right: true,
    },
];

/// `/lab/cache-api`
#[component]
pub fn CacheApiPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_api_lesson());
    view! {
        <Page title="Exercise 5: the low-level API">
            <p class="lead">
                {format!("A value that takes some time to compute, cached for {} seconds for all visitors. This page itself is not cached.", VALUE_TTL.as_secs())}
            </p>
            <Loaded data show=|lesson| view! { <Observed lesson /> } />
            <h2>"Where the lesson is wrong"</h2>
            <p>
                "Its table is right. But its code calls " <code>"get"</code> " and, on a miss, computes and calls "
                <code>"set"</code>
                ": if a hundred visitors come during the second that this takes, all hundred compute it. Here "
                <code>"get_or_set"</code>
                " lets one compute while the others wait for the result. (Django’s own "
                <code>"get_or_set"</code> " does not.)"
            </p>
            <p>
                "And its test " <code>"if data is None"</code>
                " mistakes a cached None for a missing value, and computes it each time. Here the two are \
                 distinct; see the third line of the table above."
            </p>
        </Page>
    }
}

#[component]
fn Observed(lesson: ApiLesson) -> impl IntoView {
    let ApiLesson { is_hit, value, run } = lesson;
    let state = if is_hit { "Cache hit" } else { "Cache miss" };
    // A hit may come within the same second as the first request, but must not be shown as it.
    let second = value.age.max(u64::from(is_hit));
    view! {
        <section class="card" aria-labelledby="observed">
            <h2 id="observed">"Observed"</h2>
            <p>
                <strong id="cache-state">{state}</strong> ": computed at " <Timestamp moment=value.made_at id="computed-at" exact=true />
                {format!(", {} s ago; expires in {} s.", value.age, value.left)}
            </p>
        </section>
        <Timetable caption="What to expect after the first request" columns=["Cache", "Value"] rows=&EXPECTED now=Some(second) />
        <RunTable run />
    }
}

#[component]
fn RunTable(run: Run) -> impl IntoView {
    let line = |call: Call| {
        let is_right = call.observed == call.expected;
        view! {
            <tr>
                <th scope="row">
                    <code>{call.call}</code>
                </th>
                <td>
                    <code>{call.django}</code>
                </td>
                <td>{call.expected}</td>
                <td class=if is_right { "right" } else { "wrong" }>
                    {call.observed} {(!is_right).then_some(" (not as expected)")}
                </td>
            </tr>
        }
    };
    view! {
        <h2 id="calls">"Every call"</h2>
        <p>"Run on separate keys at " <Timestamp moment=run.at id="run-at" exact=true /> ", at most once every ten seconds."</p>
        <div class="scroll" tabindex="0" role="region" aria-labelledby="calls">
            <table class="calls">
                <thead>
                    <tr>
                        <th scope="col">"Call"</th>
                        <th scope="col">"In Django"</th>
                        <th scope="col">"Expected"</th>
                        <th scope="col">"Observed"</th>
                    </tr>
                </thead>
                <tbody>{run.calls.into_iter().map(line).collect_view()}</tbody>
            </table>
        </div>
    }
}
