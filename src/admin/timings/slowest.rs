//! The slowest requests, each as a waterfall of what it waited for.

use leptos::prelude::*;

use super::{Bar, SlowRequest, micros_in_words};
use crate::{
    shared::{number::counted, part::Part},
    ui::Timestamp,
};

/// Height of a row of the waterfall, in its own units; there are two.
const ROW: u64 = 12;
/// Width of a waterfall in its own units.
const WIDTH: u64 = 1_000;

/// A table with one row per request.
#[component]
pub fn Slowest(
    /// The requests.
    #[prop(into)]
    requests: Signal<Vec<SlowRequest>>,
) -> impl IntoView {
    view! {
        <p class="help">
            "The upper bars are the guard, which finds out who asks, and the rendering; the lower ones are what they waited for: the database, the cache, the hash of a password. Each is as long as its share of the request. The log has more about a request, under its id."
        </p>
        <div class="scroll" tabindex="0" role="region" aria-label="Slowest requests">
            <table class="slowest">
                <thead>
                    <tr>
                        <th scope="col">"Request"</th>
                        <th scope="col">"Took"</th>
                        <th scope="col">"Status"</th>
                        <th scope="col">"Spent on"</th>
                    </tr>
                </thead>
                <tbody>{move || requests.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn row(request: SlowRequest) -> impl IntoView {
    let words = describe(&request);
    let SlowRequest { id, at, what, status, took, bars, .. } = request;
    let bars = bars.into_iter().map(bar).collect_view();
    view! {
        <tr>
            <th scope="row">
                {what} <div class="help">
                    <Timestamp moment=at exact=true />
                    ", "
                    <code>{id}</code>
                </div>
            </th>
            <td>{micros_in_words(took)}</td>
            <td>{status}</td>
            <td>
                <svg
                    class="waterfall"
                    viewBox=format!("0 0 {WIDTH} {}", 2 * ROW)
                    preserveAspectRatio="none"
                    aria-hidden="true"
                >
                    {bars}
                </svg>
                {words}
            </td>
        </tr>
    }
}

fn bar(Bar { part, from, width }: Bar) -> impl IntoView {
    let is_upper = matches!(part, Part::Guard | Part::Render);
    let y = if is_upper { 0 } else { ROW };
    view! { <rect class=part.name() x=from y=y width=width height={ROW - 1} /> }
}

/// Names the parts with their times, such as "Guard 1.20 ms, database 3.40 ms in 2 queries".
fn describe(request: &SlowRequest) -> String {
    let part = |(part, took): &(Part, u64)| {
        let queries = match part {
            Part::Database => format!(" in {}", queries(request.queries)),
            _ => String::new(),
        };
        format!("{part} {}{queries}", micros_in_words(*took))
    };
    let parts: Vec<String> = request.parts.iter().map(part).collect();
    if parts.is_empty() { "Nothing was waited for.".into() } else { parts.join(", ") }
}

fn queries(number: u64) -> String {
    if number == 1 { counted(1_u64, "query") } else { format!("{number} queries") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::moment::Moment;

    fn request() -> SlowRequest {
        SlowRequest {
            id: "7f3a".into(),
            at: Moment { iso: "i".into(), text: "t".into() },
            what: "GET /x".into(),
            status: 200,
            took: 2_000,
            queries: 2,
            parts: vec![(Part::Guard, 500), (Part::Database, 1_200), (Part::Render, 1_500)],
            bars: vec![
                Bar { part: Part::Guard, from: 0, width: 250 },
                Bar { part: Part::Database, from: 300, width: 600 },
            ],
        }
    }

    #[test]
    fn parts_are_bars_in_two_rows_and_words() {
        let html = Owner::new().with(|| {
            let requests = Signal::stored(vec![request()]);
            view! { <Slowest requests /> }.to_html()
        });
        for text in [
            "GET /x",
            "2.00 ms",
            "7f3a",
            "Guard 500 µs, Database 1.20 ms in 2 queries, Render 1.50 ms",
            "<rect x=\"0\" y=\"0\" width=\"250\" height=\"11\" class=\"guard\">",
            "<rect x=\"300\" y=\"12\" width=\"600\" height=\"11\" class=\"database\">",
        ] {
            assert!(html.contains(text), "{text} in {html}");
        }
        let nothing = SlowRequest { parts: Vec::new(), ..request() };
        assert_eq!(describe(&nothing), "Nothing was waited for.");
        let one = SlowRequest { parts: vec![(Part::Database, 9)], queries: 1, ..request() };
        assert_eq!(describe(&one), "Database 9 µs in 1 query");
    }
}
