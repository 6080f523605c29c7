//! The counterpart of Django's messages framework: each level with its call.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::api::SendMessages;
use crate::{shared::level::Level, ui::Page};

/// `/lab/messages`
#[component]
pub fn MessagesPage() -> impl IntoView {
    let rows = Level::ALL
        .map(|level| {
            let name = level.name();
            view! {
                <tr>
                    <th scope="row">{name}</th>
                    <td data-label="Here">
                        <code>{format!("flash::{name}(Message::…)")}</code>
                    </td>
                    <td data-label="Django">
                        <code>{format!("messages.{name}(request, \"…\")")}</code>
                    </td>
                </tr>
            }
        })
        .into_iter()
        .collect_view();
    view! {
        <Page title="Messages">
            <p class="lead">
                "A message is shown once, on the page after a redirect. It has one of five levels; messages below "
                <code>"site.message_level"</code> " are not shown: by default, those for developers."
            </p>
            <form method="post" action=SendMessages::PATH class="form">
                <button type="submit" class="button primary">
                    "Send one of each"
                </button>
            </form>
            <div class="scroll" tabindex="0" role="region" aria-label="Levels and their calls">
                <table class="calls">
                    <thead>
                        <tr>
                            <th scope="col">"Level"</th>
                            <th scope="col">"Here"</th>
                            <th scope="col">"Django"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </Page>
    }
}
