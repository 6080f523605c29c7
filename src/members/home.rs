//! The start page.

use leptos::prelude::*;

use crate::{
    shared::paths::{LAB, LOGIN},
    ui::{Page, PageContext},
};

/// `/`
#[component]
pub fn HomePage() -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    let invitation = match context.visitor {
        Some(_) => view! {
            <a class="button primary" href="/members/dashboard">
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
    view! {
        <Page title=context.site_name>
            <p class="lead">"Your account, your devices and your data, in one place."</p>
            <p class="actions">{invitation}</p>
            {(context.has_lab && context.impersonation.is_none())
                .then(|| {
                    view! {
                        <p>
                            "For developers: "
                            <a href=LAB>"the caching lab"</a>
                        </p>
                    }
                })}
        </Page>
    }
}
