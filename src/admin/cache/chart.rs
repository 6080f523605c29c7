//! The last hour as a picture, and the same in numbers.

use leptos::prelude::*;

use super::Plot;
use crate::ui::Timestamp;

/// The picture's units: two for each of the hour's points.
pub const WIDTH: u64 = 720;
/// Units from the lower edge to the upper one.
pub const HEIGHT: u64 = 160;

/// Reads of the last hour, with those that missed in front of them.
#[component]
pub fn Chart(
    /// What is drawn.
    #[prop(into)]
    plot: Signal<Plot>,
) -> impl IntoView {
    let sum = move |count: fn(&super::Stretch) -> u64| {
        plot.with(|plot| plot.stretches.iter().map(count).sum::<u64>())
    };
    let in_words = move || {
        format!(
            "Reads in the last hour: {} found something, {} did not; {} values were computed.",
            sum(|stretch| stretch.hits),
            sum(|stretch| stretch.misses),
            sum(|stretch| stretch.computes)
        )
    };
    let rows = move || {
        let stretches = plot.with(|plot| plot.stretches.clone());
        stretches
            .into_iter()
            .map(|stretch| {
                view! {
                    <tr>
                        <th scope="row">
                            <Timestamp moment=stretch.from />
                        </th>
                        <td>{stretch.hits}</td>
                        <td>{stretch.misses}</td>
                        <td>{stretch.computes}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <figure class="chart">
            <svg
                viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                preserveAspectRatio="none"
                role="img"
                aria-label=in_words
            >
                <path class="reads" d=move || plot.with(|plot| plot.reads.clone()) />
                <path class="misses" d=move || plot.with(|plot| plot.misses.clone()) />
            </svg>
            <figcaption class="help">
                "All reads, and in front of them those that found nothing, from an hour ago to now. Upper edge: "
                {move || plot.with(|plot| plot.top)} " reads in ten seconds."
            </figcaption>
            <details>
                <summary>"The same in numbers"</summary>
                <p>{in_words}</p>
                <div class="scroll" tabindex="0" role="region" aria-label="Reads of the last hour">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Five minutes from"</th>
                                <th scope="col">"Found"</th>
                                <th scope="col">"Not found"</th>
                                <th scope="col">"Computed"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </details>
        </figure>
    }
}
