//! The last hour as a chart, and the same numbers as a table.

use leptos::prelude::*;

use super::Plot;
use crate::ui::Timestamp;

/// Width of the chart in its own units: two for each point of the hour.
pub const WIDTH: u64 = 720;
/// Height of the chart in its own units.
pub const HEIGHT: u64 = 160;

/// Draws the reads of the last hour: misses at the bottom, hits on top of them.
#[component]
pub fn Chart(
    /// The data.
    #[prop(into)]
    plot: Signal<Plot>,
) -> impl IntoView {
    let sum = move |count: fn(&super::Stretch) -> u64| {
        plot.with(|plot| plot.stretches.iter().map(count).sum::<u64>())
    };
    let in_words = move || {
        format!(
            "Cache reads in the last hour: {} hits, {} misses, {} values computed.",
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
    let top = move || plot.with(|plot| plot.top);
    let misses = move || plot.with(|plot| plot.misses.clone());
    view! {
        <figure class="chart">
            <figcaption id="reads-title">"Reads per ten seconds"</figcaption>
            <div class="plot">
                <div class="y-axis" aria-hidden="true">
                    <span>{top}</span>
                    <span>{move || top() / 2}</span>
                    <span>"0"</span>
                </div>
                <svg
                    viewBox=format!("0 0 {WIDTH} {HEIGHT}")
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=in_words
                >
                    <defs>
                        // Stripes distinguish it without relying on colour alone.
                        <pattern id="hatching" width="4" height="8" patternUnits="userSpaceOnUse">
                            <rect class="stripe" width="4" height="3" />
                        </pattern>
                    </defs>
                    <path class="grid" d=format!("M0,0H{WIDTH}M0,{0}H{WIDTH}", HEIGHT / 2) />
                    <path class="reads" d=move || plot.with(|plot| plot.reads.clone()) />
                    <path class="ground" d=misses />
                    <path class="misses" fill="url(#hatching)" d=misses />
                </svg>
                <div class="x-axis" aria-hidden="true">
                    <span>"60 minutes ago"</span>
                    <span>"30"</span>
                    <span>"Now"</span>
                </div>
            </div>
            <ul class="legend">
                <li>
                    <span class="swatch reads" aria-hidden="true"></span>
                    "Hits"
                </li>
                <li>
                    <span class="swatch misses" aria-hidden="true"></span>
                    "Misses"
                </li>
            </ul>
            <details>
                <summary>"Show as table"</summary>
                <p>{in_words}</p>
                <div class="scroll" tabindex="0" role="region" aria-label="Reads of the last hour">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Five minutes from"</th>
                                <th scope="col">"Hits"</th>
                                <th scope="col">"Misses"</th>
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_series_are_named_and_the_axes_have_numbers() {
        let plot = Plot { top: 40, ..Plot::default() };
        let html = Owner::new().with(|| view! { <Chart plot=Signal::stored(plot) /> }.to_html());
        for text in ["Hits", "Misses", "url(#hatching)", ">40<", ">20<", ">0<", "60 minutes ago", "Now"] {
            assert!(html.contains(text), "{text} in {html}");
        }
    }
}
