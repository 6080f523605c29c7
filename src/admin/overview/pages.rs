//! The admin's start page.

use leptos::prelude::*;

use super::{super::layout::AdminFrame, Figure, Overview, api};
use crate::ui::{Chart, Data, Loaded, Plot, number::counted};

/// `/admin`
#[component]
pub fn AdminPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_overview());
    view! {
        <AdminFrame title="Admin">
            <Loaded data show=|overview| view! { <Shown overview /> } />
        </AdminFrame>
    }
}

#[component]
fn Shown(overview: Overview) -> impl IntoView {
    let Overview { figures, logins, slowest } = overview;
    let has_nothing = figures.is_empty() && logins.is_none() && slowest.is_none();
    let figure = |Figure { label, value, path }: Figure| {
        view! {
            <li>
                <a href=path>
                    <strong>{value}</strong>
                    " "
                    {label}
                </a>
            </li>
        }
    };
    let figures = (!figures.is_empty()).then(|| {
        view! {
            <ul class="overview" aria-label="In numbers">
                {figures.into_iter().map(figure).collect_view()}
            </ul>
        }
    });
    let row = |(route, took): (String, String)| {
        view! {
            <tr>
                <th scope="row">{route}</th>
                <td>{took}</td>
            </tr>
        }
    };
    view! {
        {has_nothing.then(|| view! { <p class="help">"There are no figures for your permissions."</p> })}
        {figures}
        {logins
            .map(|plot| {
                view! {
                    <Chart
                        description=Signal::stored(logins_in_words(&plot))
                        plot=Signal::stored(plot)
                        id="logins"
                        title="Logins a day"
                        series=&["Successful", "Failed"]
                        columns=&["Successful", "Failed"]
                        ticks=["29 days ago", "15", "Today"]
                        each="Day (UTC)"
                    />
                }
            })}
        {slowest
            .filter(|slowest| !slowest.is_empty())
            .map(|slowest| {
                view! {
                    <section aria-labelledby="slowest-routes">
                        <h2 id="slowest-routes">"Slowest routes in the last hour"</h2>
                        <table class="slowest-routes">
                            <thead>
                                <tr>
                                    <th scope="col">"Route"</th>
                                    <th scope="col">"95 % within"</th>
                                </tr>
                            </thead>
                            <tbody>{slowest.into_iter().map(row).collect_view()}</tbody>
                        </table>
                    </section>
                }
            })}
    }
}

fn logins_in_words(plot: &Plot) -> String {
    let sum = |column: usize| plot.stretches.iter().filter_map(|day| day.numbers.get(column)).sum::<u64>();
    format!("In the last 30 days: {}, {} failed.", counted(sum(0), "successful login"), sum(1))
}
