//! The start page.

use leptos::prelude::*;

use crate::{
    shared::paths::{ADMIN, DASHBOARD, LAB, LOGIN, MAILBOX},
    ui::{Page, PageContext},
};

/// `/`
#[component]
pub fn HomePage() -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    let invitation = match context.visitor {
        Some(_) => view! {
            <a class="button primary" href=DASHBOARD>
                "Go to your dashboard"
            </a>
        }
        .into_any(),
        None => view! {
            <a class="button primary" href="/accounts/signup">
                "Sign up"
            </a>
            <a class="button" href=LOGIN>
                "Log in"
            </a>
        }
        .into_any(),
    };
    let points = [
        ("Yours to change", "Your name, picture, email address and password, whenever you like."),
        ("Well protected", "Two-step login, and a list of your devices, where you log out any of them."),
        ("Open to you", "See what happened to your account, download your data, or delete it."),
    ];
    let points = points
        .map(|(title, sentence)| {
            view! {
                <li>
                    <h2>{title}</h2>
                    <p>{sentence}</p>
                </li>
            }
        })
        .collect_view();
    // Each only where it is.
    let is_in_person = context.impersonation.is_none();
    let tools: Vec<_> = [
        (
            context.is_development,
            LOGIN,
            "Demo login",
            "demo000001, “demo members only” (members-area demo adds it)",
        ),
        (context.has_mailbox, MAILBOX, "Mailbox", "the emails of this site"),
        (context.is_development, ADMIN, "Admin", "as a superuser (members-area createsuperuser)"),
        (context.has_lab, LAB, "Caching lab", "the exercises on caching"),
    ]
    .into_iter()
    .filter(|(is_there, ..)| *is_there && is_in_person)
    .map(|(_, page, label, rest)| {
        view! {
            <li>
                // A full page load, where the server may lead to a set-up first.
                <a href=page rel=(page == ADMIN).then_some("external")>
                    {label}
                </a>
                {format!(": {rest}")}
            </li>
        }
    })
    .collect();
    view! {
        <Page title=context.site_name>
            <p class="lead">"Your account, your devices and your data, in one place."</p>
            <p class="actions">{invitation}</p>
            <ul class="points">{points}</ul>
            {(!tools.is_empty())
                .then(|| {
                    view! {
                        <section class="card tools" aria-labelledby="tools">
                            <h2 id="tools">"For developers"</h2>
                            <ul class="links">{tools}</ul>
                        </section>
                    }
                })}
        </Page>
    }
}
