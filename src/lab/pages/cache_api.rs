//! Exercise 5.

use leptos::prelude::*;

use super::timetable::{Row, Timetable};
use crate::{
    lab::{ApiLesson, Call, Run, VALUE_TTL, api},
    ui::{Data, Loaded, Page, Timestamp},
};

static EXPECTED: [Row; 3] = [
    Row {
        from: 0,
        when: "first request",
        expected: ["miss", "computed now"],
        lesson: "“Cache Miss”, and a second of waiting",
        lesson_is_right: true,
    },
    Row {
        from: 1,
        when: "before second 30",
        expected: ["hit", "the same time"],
        lesson: "“Cache Hit”, at once",
        lesson_is_right: true,
    },
    Row {
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
                {format!("A value that takes some time to compute, kept for {} seconds, for everybody. This page itself is not kept.", VALUE_TTL.as_secs())}
            </p>
            <Loaded data show=|lesson| view! { <Observed lesson /> } />
            <h2>"Where the lesson is wrong"</h2>
            <p>
                "Its table is right. But its code asks with " <code>"get"</code> " and, where nothing is there, computes and calls "
                <code>"set"</code>
                ": of a hundred visitors in the second that the value takes, all hundred compute it. Here "
                <code>"get_or_set"</code>
                " has one of them compute while the others wait for it. (Django’s own "
                <code>"get_or_set"</code> " does not.)"
            </p>
            <p>
                "And its test " <code>"if data is None"</code>
                " takes a value that is truly None for one that is missing, and computes it each time. Here the two are told apart; the \
                 third line of the table above shows it."
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
                <strong id="cache-state">{state}</strong> ": computed at " <Timestamp moment=value.made_at id="computed-at" />
                {format!(", {} s ago; good for another {} s.", value.age, value.left)}
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
        <p>"On keys of its own, run through at " <Timestamp moment=run.at id="run-at" /> "; not more than once in ten seconds."</p>
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
