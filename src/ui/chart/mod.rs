//! The last hour as a chart, and the same numbers as a table.

#[cfg(feature = "ssr")]
pub mod outline;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::shared::moment::Moment;

/// Width of a chart in its own units: two for each point of the hour.
pub const WIDTH: u64 = 720;
/// Height of a chart in its own units.
pub const HEIGHT: u64 = 160;

/// The last hour: outlines, computed on the server, and numbers for readers who cannot see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// SVG path of each series, in the units of the chart. The second is drawn over the first.
    pub outlines: Vec<String>,
    /// The number at the upper edge.
    pub top: u64,
    /// Numbers for every five minutes, oldest first; only those in which something happened.
    pub stretches: Vec<Stretch>,
}

/// The numbers of five minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// When the five minutes began.
    pub from: Moment,
    /// The numbers, one for each column of the table.
    pub numbers: Vec<u64>,
}

/// Draws a plot with one series, or with one that contains another.
#[component]
pub fn Chart(
    /// The data.
    #[prop(into)]
    plot: Signal<Plot>,
    /// Tells the charts of a page apart.
    id: &'static str,
    /// What is shown, and per what.
    title: &'static str,
    /// The name of each series: what of the first is not in the second, and the second.
    series: &'static [&'static str],
    /// The columns of the table.
    columns: &'static [&'static str],
    /// The hour in a sentence.
    #[prop(into)]
    in_words: Signal<String>,
) -> impl IntoView {
    let rows = move || {
        let stretches = plot.with(|plot| plot.stretches.clone());
        let row = |Stretch { from, numbers }: Stretch| {
            let numbers = numbers.into_iter().map(|number| view! { <td>{number}</td> }).collect_view();
            view! {
                <tr>
                    <th scope="row">
                        <Timestamp moment=from />
                    </th>
                    {numbers}
                </tr>
            }
        };
        stretches.into_iter().map(row).collect_view()
    };
    let top = move || plot.with(|plot| plot.top);
    let outline = move |at: usize| plot.with(|plot| plot.outlines.get(at).cloned());
    let hatching = format!("{id}-hatching");
    let part = (series.len() > 1).then(|| {
        view! {
            <path class="ground" d=move || outline(1) />
            <path class="part" fill=format!("url(#{hatching})") d=move || outline(1) />
        }
    });
    let legend = ["all", "part"].into_iter().zip(series).map(|(class, name)| {
        view! {
            <li>
                <span class=format!("swatch {class}") aria-hidden="true"></span>
                {*name}
            </li>
        }
    });
    let legend = (series.len() > 1).then(|| view! { <ul class="legend">{legend.collect_view()}</ul> });
    let heads = columns.iter().map(|column| view! { <th scope="col">{*column}</th> }).collect_view();
    view! {
        <figure class="chart" id=id>
            <figcaption>{title}</figcaption>
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
                        <pattern id=hatching width="4" height="8" patternUnits="userSpaceOnUse">
                            <rect class="stripe" width="4" height="3" />
                        </pattern>
                    </defs>
                    <path class="grid" d=format!("M0,0H{WIDTH}M0,{0}H{WIDTH}", HEIGHT / 2) />
                    <path class="all" d=move || outline(0) />
                    {part}
                </svg>
                <div class="x-axis" aria-hidden="true">
                    <span>"60 minutes ago"</span>
                    <span>"30"</span>
                    <span>"Now"</span>
                </div>
            </div>
            {legend}
            <details>
                <summary>"Show as table"</summary>
                <p>{in_words}</p>
                <div class="scroll" tabindex="0" role="region" aria-label=format!("{title}, as a table")>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">"Five minutes from"</th>
                                {heads}
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

    fn html(series: &'static [&'static str]) -> String {
        let plot = Plot { top: 40, outlines: vec!["M1".into(), "M2".into()], ..Plot::default() };
        Owner::new().with(|| {
            let plot = Signal::stored(plot);
            let in_words = Signal::stored("In words.".to_owned());
            view! { <Chart plot id="c" title="Reads" series columns=&["Hits", "Misses"] in_words /> }
                .to_html()
        })
    }

    #[test]
    fn both_series_are_named_and_the_axes_have_numbers() {
        let html = html(&["Hits", "Misses"]);
        for text in [
            ">Reads<",
            "Hits",
            "Misses",
            "url(#c-hatching)",
            "M1",
            "M2",
            ">40<",
            ">20<",
            ">0<",
            "60 minutes ago",
            "Now",
            "In words.",
        ] {
            assert!(html.contains(text), "{text} in {html}");
        }
    }

    #[test]
    fn a_single_series_needs_no_legend() {
        let html = html(&["Milliseconds"]);
        assert!(html.contains("M1") && !html.contains("legend") && !html.contains("M2"), "{html}");
    }
}
