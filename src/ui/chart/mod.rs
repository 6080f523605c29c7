//! A chart of numbers over time, and the same numbers as a table.

#[cfg(feature = "ssr")]
pub mod outline;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::Timestamp;
use crate::shared::moment::Moment;

/// Width of a chart in its own units: two for each ten seconds of an hour, 24 for each of thirty
/// days.
pub const WIDTH: u64 = 720;
/// Height of a chart in its own units.
pub const HEIGHT: u64 = 160;

/// Outlines, computed on the server, and numbers for readers who cannot see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plot {
    /// SVG path of each series, in the units of the chart. The second is drawn over the first.
    pub outlines: Vec<String>,
    /// The number at the upper edge.
    pub top: u64,
    /// The numbers for the table, oldest first.
    pub stretches: Vec<Stretch>,
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// When it began.
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
    /// All of it in a sentence.
    #[prop(into)]
    description: Signal<String>,
    /// The labels below: at the left edge, in the middle, at the right edge.
    #[prop(default = ["60 minutes ago", "30", "Now"])]
    ticks: [&'static str; 3],
    /// The head of the table's first column.
    #[prop(default = "Five minutes from")]
    each: &'static str,
) -> impl IntoView {
    let rows = move || {
        let stretches = plot.with(|plot| plot.stretches.clone());
        let row = |Stretch { from, numbers }: Stretch| {
            let numbers = numbers.into_iter().map(|number| view! { <td>{number}</td> }).collect_view();
            view! {
                <tr>
                    <th scope="row">
                        <Timestamp moment=from exact=true />
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
                    aria-label=description
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
                    {ticks.map(|tick| view! { <span>{tick}</span> }).collect_view()}
                </div>
            </div>
            {legend}
            <details>
                <summary>"Show as table"</summary>
                <p>{description}</p>
                <div class="scroll" tabindex="0" role="region" aria-label=format!("{title}, as a table")>
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{each}</th>
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
            let description = Signal::stored("In words.".to_owned());
            view! { <Chart plot id="c" title="Reads" series columns=&["Hits", "Misses"] description /> }
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

    /// WCAG 1.4.11. The second series is striped in the text's colour on the surface.
    #[test]
    fn the_series_have_a_contrast_of_three_in_both_themes() {
        let luminance = |colour: &str| {
            let channel = |at: usize| {
                let share = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let styles = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/style")).expect("the styles");
        let styles: String = styles
            .map(|file| std::fs::read_to_string(file.expect("a file").path()).expect("a text"))
            .collect();
        let colours = |name: &str| {
            let after = styles.split(&format!("--{name}: light-dark(")).nth(1).expect("a colour");
            let both = after.split(')').next().expect("two colours").split_once(", ").expect("two colours");
            [luminance(both.0), luminance(both.1)]
        };
        let (surface, accent, text) = (colours("surface"), colours("accent"), colours("text"));
        for theme in [0, 1] {
            for series in [accent[theme], text[theme]] {
                let (light, dark) = (series.max(surface[theme]), series.min(surface[theme]));
                assert!((light + 0.05) / (dark + 0.05) >= 3.0, "theme {theme}: {light} and {dark}");
            }
        }
    }

    #[test]
    fn a_single_series_needs_no_legend() {
        let html = html(&["Milliseconds"]);
        assert!(html.contains("M1") && !html.contains("legend") && !html.contains("M2"), "{html}");
    }
}
