//! The developers' mailbox.

use leptos::prelude::*;

use super::{Posted, api};
use crate::{
    shared::paths::MAILBOX,
    ui::{Data, InPerson, Loaded, Page, PageContext, Timestamp},
};

/// `/dev/mailbox`: the mails that would have been sent.
#[component]
pub fn MailboxPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_mailbox());
    view! {
        <Page title="Mailbox">
            <Loaded data show=list />
        </Page>
    }
}

/// Leads from a page that says "Check your email" to the mailbox, where emails are not sent.
#[component]
pub fn MailboxLink() -> impl IntoView {
    let has_mailbox = use_context::<PageContext>().is_some_and(|context| context.has_mailbox);
    has_mailbox.then(|| {
        view! {
            <p class="help">
                "Development mode: the email is in " <a href=MAILBOX>"the mailbox"</a> "."
            </p>
        }
    })
}

fn list(mails: Vec<Posted>) -> impl IntoView {
    let is_empty = mails.is_empty();
    view! {
        <p class="lead">"Development mode: emails are not sent but shown here."</p>
        {is_empty.then(|| view! { <p>"No emails yet."</p> })}
        {mails.into_iter().map(mail).collect_view()}
    }
}

fn mail(mail: Posted) -> impl IntoView {
    view! {
        <article class="card mail">
            <h2>{mail.subject}</h2>
            <p class="detail">"to " {mail.to} ", " <Timestamp moment=mail.at /></p>
            <pre>{mail.text}</pre>
            <InPerson>
                {mail.link.map(|link| view! { <p><a href=link rel="external">"Open link"</a></p> })}
            </InPerson>
        </article>
    }
}
