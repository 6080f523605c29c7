//! The table of entries.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::{Entry, EntryOwner, api::DropEntry, bytes_in_words, seconds_in_words};
use crate::{
    shared::permission::Permission,
    ui::{IfAllowed, Timestamp},
};

/// A table with one row per entry. While the page is open, rows stay in place and their contents
/// update.
#[component]
pub fn Entries(
    /// The entries.
    #[prop(into)]
    entries: Signal<Vec<Entry>>,
    /// The query of the page's address, to return to.
    query: String,
) -> impl IntoView {
    let row = move |entry: Entry| {
        let fingerprint = entry.fingerprint.clone();
        let last = StoredValue::new(entry);
        let present = Signal::derive(move || {
            let found = entries.with(|entries| {
                entries
                    .iter()
                    .find(|entry| last.with_value(|last| entry.fingerprint == last.fingerprint))
                    .cloned()
            });
            // The entry has just been removed from the list: show its last state.
            found.unwrap_or_else(|| last.get_value())
        });
        view! { <EntryRow entry=present fingerprint query=query.clone() /> }
    };
    view! {
        <div class="scroll" tabindex="0" role="region" aria-label="Entries">
            <table class="entries">
                <thead>
                    <tr>
                        <th scope="col">"Name"</th>
                        <th scope="col">"Owner"</th>
                        <th scope="col">"Age"</th>
                        <th scope="col">"Expires in"</th>
                        <th scope="col">"Size"</th>
                        <th scope="col">"Hits"</th>
                        <th scope="col">"Last invalidation"</th>
                        <IfAllowed permission=Permission::ChangeCache>
                            <th scope="col">"Remove"</th>
                        </IfAllowed>
                    </tr>
                </thead>
                <tbody>
                    <For each=move || entries.get() key=|entry| entry.fingerprint.clone() children=row />
                </tbody>
            </table>
        </div>
    }
}

#[component]
fn EntryRow(entry: Signal<Entry>, fingerprint: String, query: String) -> impl IntoView {
    let Entry { name, owner, .. } = entry.get_untracked();
    let label = match &owner {
        EntryOwner::Public => format!("Remove {name}, public"),
        EntryOwner::Member(username) => format!("Remove {name} of {username}"),
        EntryOwner::Gone => format!("Remove {name} of a deleted user"),
    };
    let owner = match owner {
        EntryOwner::Public => "public".into_any(),
        EntryOwner::Member(username) => view! { <bdi>{username}</bdi> }.into_any(),
        EntryOwner::Gone => "a deleted user".into_any(),
    };
    let left = move || entry.with(|entry| entry.left.map_or("never expires".into(), seconds_in_words));
    let hits = move || entry.with(|entry| entry.hits.map_or("not counted".into(), |hits| hits.to_string()));
    let last = move || match entry.with(|entry| entry.last_invalidation.clone()) {
        None => "none".into_any(),
        Some((at, cause)) => view! { <Timestamp moment=at exact=true /> ": " {cause} }.into_any(),
    };
    view! {
        <tr>
            <th scope="row">{name}</th>
            <td>{owner}</td>
            <td>{move || entry.with(|entry| seconds_in_words(entry.age))}</td>
            <td>{left}</td>
            <td>{move || entry.with(|entry| bytes_in_words(entry.size))}</td>
            <td>{hits}</td>
            <td>{last}</td>
            <IfAllowed permission=Permission::ChangeCache>
                <td>
                    <form method="post" action=DropEntry::PATH>
                        <input type="hidden" name="fingerprint" value=fingerprint />
                        <input type="hidden" name="query" value=query />
                        <button type="submit" class="link" aria-label=label>
                            "Remove"
                        </button>
                    </form>
                </td>
            </IfAllowed>
        </tr>
    }
}
