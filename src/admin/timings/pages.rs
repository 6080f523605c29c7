//! The timing page. Without scripts it updates on reload; hydrated, it updates itself.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::super::layout::AdminFrame;
use super::{TimingsLine, TimingsReport, Window, api, micros_in_words, slowest::Slowest};
use crate::{
    shared::paths::TIMINGS_STREAM,
    ui::{Chart, Data, Follow, Loaded, Plot, Timestamp, number::grouped},
};

/// `/admin/timings`
#[component]
pub fn TimingsPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), api::load_timings);
    let window = Memo::new(move |_| Window::from_query(&search.get()));
    view! {
        <AdminFrame title="Timings">
            {move || {
                let present = window.get();
                let link = |window: Window| {
                    view! {
                        <li>
                            <a href=window.address() aria-current=(window == present).then_some("true")>
                                {window.to_string()}
                            </a>
                        </li>
                    }
                };
                view! {
                    <section class="filters" aria-label="Filters">
                        <div class="filter">
                            <ul aria-label="Time">{Window::ALL.map(link).collect_view()}</ul>
                        </div>
                    </section>
                }
            }}
            <Loaded data show=move |report| view! { <Shown report window=window.get_untracked() /> } />
        </AdminFrame>
    }
}

#[component]
fn Shown(report: TimingsReport, window: Window) -> impl IntoView {
    let now = RwSignal::new(report);
    Follow::json(format!("{TIMINGS_STREAM}{}", window.to_query()), move |update| now.set(update));
    let answers = Memo::new(move |_| now.with(|now| now.answers.clone()));
    let durations = Memo::new(move |_| now.with(|now| now.durations.clone()));
    let lines = Memo::new(move |_| now.with(|now| now.lines.clone()));
    let slowest = Memo::new(move |_| now.with(|now| now.slowest.clone()));
    view! {
        <p class="help">
            "As of " {move || view! { <Timestamp moment=now.with(|now| now.at.clone()) exact=true /> }}
            ". Measured in this process, since its start, until an answer is ready to be sent."
        </p>
        <Chart
            plot=answers
            id="answers"
            title="Answers per ten seconds"
            series=&["From the cache", "Made"]
            columns=&["From the cache", "Made", "Errors"]
            description=Signal::derive(move || answers.with(answers_in_words))
        />
        <Chart
            plot=durations
            id="durations"
            title="95 of 100 made answers took at most, in milliseconds"
            series=&["Made"]
            columns=&["Milliseconds, at most"]
            description=Signal::derive(move || durations.with(durations_in_words))
        />
        <h2>"By route"</h2>
        <p class="help">
            "Errors are answers with status 500 or above. The last column is the longest of all, the others say how long half, 95 % and 99 % of the answers took at most."
        </p>
        <div class="scroll" tabindex="0" role="region" aria-label="By route">
            <table class="timings">
                <thead>
                    <tr>
                        <th scope="col">"Route"</th>
                        <th scope="col">"Answers"</th>
                        <th scope="col">"Number"</th>
                        <th scope="col">"Errors"</th>
                        <th scope="col">"Half"</th>
                        <th scope="col">"95 %"</th>
                        <th scope="col">"99 %"</th>
                        <th scope="col">"Longest"</th>
                    </tr>
                </thead>
                <tbody>{move || lines.get().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        <h2>"Slowest requests"</h2>
        <Slowest requests=slowest />
    }
}

fn row(line: TimingsLine) -> impl IntoView {
    let count = |count: u64| grouped(count.try_into().unwrap_or(i64::MAX));
    let times = line.times.map(|micros| view! { <td>{micros_in_words(micros)}</td> }).collect_view();
    view! {
        <tr>
            <th scope="row">{line.route}</th>
            <td>{if line.is_cached { "from the cache" } else { "made" }}</td>
            <td>{count(line.count)}</td>
            <td>{count(line.errors)}</td>
            {times}
        </tr>
    }
}

fn answers_in_words(plot: &Plot) -> String {
    let sum = |column: usize| plot.stretches.iter().filter_map(|five| five.numbers.get(column)).sum::<u64>();
    format!("Answers in the last hour: {} from the cache, {} made, {} errors.", sum(0), sum(1), sum(2))
}

fn durations_in_words(plot: &Plot) -> String {
    let longest = plot.stretches.iter().filter_map(|five| five.numbers.first()).max();
    match longest {
        Some(longest) => {
            format!("At any time of the last hour, 95 of 100 made answers took at most {longest} ms.")
        }
        None => "No answer was made in the last hour.".into(),
    }
}
