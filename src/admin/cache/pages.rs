//! The inspector's page. Without scripts it updates on reload; hydrated, it updates itself.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::layout::AdminFrame;
use super::{
    CacheEntries, Figures, Inspection, PAGE, Query,
    api::{self, DropAll, DropMember, DropName},
    bytes_in_words,
    entries::Entries,
};
use crate::{
    shared::{
        paths::{ADMIN_CACHE, CACHE_STREAM},
        permission::Permission,
    },
    ui::{Chart, Data, Follow, IfAllowed, Loaded, Pager, Plot, Timestamp},
};

/// `/admin/cache`
#[component]
pub fn CachePage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), api::load_cache);
    let query = Memo::new(move |_| Query::from_query(&search.get()));
    view! {
        <AdminFrame title="Cache">
            {move || {
                let Query { text, member, .. } = query.get();
                view! { <Search text member /> }
            }}
            <Loaded data show=move |inspection| view! { <Shown inspection query=query.get_untracked() /> } />
        </AdminFrame>
    }
}

#[component]
fn Search(text: String, member: String) -> impl IntoView {
    view! {
        <form method="get" action=ADMIN_CACHE class="cache-search" role="search">
            <div class="field">
                <label for="id_q">"Name or tag contains"</label>
                <input id="id_q" name="q" value=text autocomplete="off" autocapitalize="none" spellcheck="false" />
            </div>
            <div class="field">
                <label for="id_member">"Username of the owner"</label>
                <input id="id_member" name="member" value=member autocomplete="off" autocapitalize="none" spellcheck="false" />
            </div>
            <button type="submit" class="button">
                "Search"
            </button>
        </form>
    }
}

#[component]
fn Shown(inspection: Inspection, query: Query) -> impl IntoView {
    let now = RwSignal::new(inspection);
    Follow::json(format!("{CACHE_STREAM}{}", query.to_query()), move |update| now.set(update));
    let found = Memo::new(move |_| now.with(|now| now.found.clone()));
    let entries = Signal::derive(move || found.get().map(|found| found.entries).unwrap_or_default());
    let plot = Memo::new(move |_| now.with(|now| now.plot.clone()));
    let down = move || {
        now.with(|now| now.down_since.clone()).map(|since| {
            view! {
                <p class="message warning" role="status">
                    "The cache backend has been down since " <Timestamp moment=since />
                    ". Until it is back, nothing is read from the cache."
                </p>
            }
        })
    };
    view! {
        {down}
        <p class="help">
            "Backend: " {move || now.with(|now| now.backend.clone())} ". As of "
            {move || view! { <Timestamp moment=now.with(|now| now.at.clone()) exact=true /> }}
            ". Values are never shown, only their sizes. Reads and computed values are counted per process, since its start."
        </p>
        <FigureList figures=Signal::derive(move || now.with(|now| now.figures.clone())) />
        <Chart
            plot
            id="reads"
            title="Reads per ten seconds"
            series=&["Hits", "Misses"]
            columns=&["Hits", "Misses", "Computed"]
            description=Signal::derive(move || reads_in_words(&plot.get()))
        />
        <h2>"Entries"</h2>
        <p>{move || describe(found.get().as_ref(), query.page)}</p>
        <Entries entries query=query.to_query() />
        {pager(found, query.clone())}
        <IfAllowed permission=Permission::ChangeCache>
            <DropSeveral found query=query.to_query() />
        </IfAllowed>
    }
}

fn reads_in_words(plot: &Plot) -> String {
    let sum = |column: usize| plot.stretches.iter().filter_map(|five| five.numbers.get(column)).sum::<u64>();
    format!("Cache reads in the last hour: {} hits, {} misses, {} values computed.", sum(0), sum(1), sum(2))
}

fn describe(found: Option<&CacheEntries>, page: usize) -> String {
    let Some(found) = found else {
        return "This backend cannot list its entries: it is down, or it is memcached. Clearing by name, by member or as a whole still works."
            .into();
    };
    let at_least = if found.is_cut { "at least " } else { "" };
    match found.entries.len() {
        0 => "No matching entries.".into(),
        shown => {
            let first = (page - 1) * PAGE + 1;
            let (last, count) = (first + shown - 1, found.count);
            let entries = if count == 1 { "unexpired entry" } else { "unexpired entries" };
            format!("{first} to {last} of {at_least}{count} {entries}.")
        }
    }
}

fn pager(found: Memo<Option<CacheEntries>>, query: Query) -> impl IntoView {
    move || {
        let pages = found.get().map_or(1, |found| found.count.div_ceil(PAGE).max(1));
        // From a page past the end, the link leads to the last one.
        let newer = (query.page > 1).then(|| query.page((query.page - 1).min(pages)));
        let older = (query.page < pages).then(|| query.page(query.page + 1));
        view! { <Pager newer older /> }
    }
}

#[component]
fn FigureList(#[prop(into)] figures: Signal<Figures>) -> impl IntoView {
    const UNKNOWN: &str = "not reported by this backend";
    let number = |number: Option<u64>| number.map_or(UNKNOWN.into(), |number| number.to_string());
    let lines = move || {
        let figures = figures.get();
        let of = figures.max_bytes.map(|most| format!(" of {}", bytes_in_words(most))).unwrap_or_default();
        [
            (
                "Hit ratio",
                figures.hit_percent.map_or("no reads yet".into(), |percent| format!("{percent} %")),
            ),
            ("Hits", figures.hits.to_string()),
            ("Served stale", figures.stale.to_string()),
            ("Misses", figures.misses.to_string()),
            ("Computed", figures.computes.to_string()),
            ("Invalidations", figures.invalidations.to_string()),
            ("Entries in the backend, including expired ones", number(figures.entries)),
            (
                "Memory",
                figures.bytes.map_or(UNKNOWN.into(), |bytes| format!("{}{of}", bytes_in_words(bytes))),
            ),
            ("Evictions", number(figures.evictions)),
        ]
        .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
        .collect_view()
    };
    view! { <dl class="figures">{lines}</dl> }
}

/// The forms that drop several entries, folded away so that nobody does it by accident.
#[component]
fn DropSeveral(found: Memo<Option<CacheEntries>>, query: String) -> impl IntoView {
    let names = move || {
        let names = found.get().map(|found| found.names).unwrap_or_default();
        let line = |name: super::Name| {
            let words = format!("{}, {} in {}", name.name, bytes_in_words(name.bytes), name.count);
            view! { <option value=name.name>{words}</option> }
        };
        names.into_iter().map(line).collect_view()
    };
    let hidden = move || view! { <input type="hidden" name="query" value=query.clone() /> };
    view! {
        <section aria-labelledby="drop-several" class="end-several">
            <h2 id="drop-several">"Clear several entries"</h2>
            <p class="help">"Cleared entries are rebuilt on the next request. No data is lost."</p>
            <details>
                <summary>"All entries with one name"</summary>
                <form method="post" action=DropName::PATH>
                    {hidden()}
                    <div class="field">
                        <label for="id_name">"Name"</label>
                        <input id="id_name" name="name" list="names" required autocomplete="off" autocapitalize="none" spellcheck="false" />
                        <datalist id="names">{names}</datalist>
                    </div>
                    <button type="submit" class="button danger">
                        "Clear this name"
                    </button>
                </form>
            </details>
            <details>
                <summary>"All entries of one member"</summary>
                <form method="post" action=DropMember::PATH>
                    {hidden()}
                    <div class="field">
                        <label for="id_of">"Username"</label>
                        <input id="id_of" name="member" required autocomplete="off" autocapitalize="none" spellcheck="false" />
                    </div>
                    <button type="submit" class="button danger">
                        "Clear this member"
                    </button>
                </form>
            </details>
            <details>
                <summary>"All entries"</summary>
                <form method="post" action=DropAll::PATH>
                    {hidden()}
                    <p>"Pages are slower until the cache is warm again."</p>
                    <button type="submit" class="button danger">
                        "Clear the whole cache"
                    </button>
                </form>
            </details>
        </section>
    }
}
