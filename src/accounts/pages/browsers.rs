//! The page of known browsers. Its forms are plain, hydrated or not, as on the devices page.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::super::{
    Browser, Browsers,
    api::{ForgetAllBrowsers, ForgetBrowser, load_browsers},
};
use crate::{
    shared::{
        forms::FORM_PAGE,
        paths::{BROWSERS, DEVICES},
    },
    ui::{Data, Loaded, PageContext, SettingsPage, Timestamp, expect_member},
};

/// `/members/security/browsers`: the known browsers.
#[component]
pub fn BrowsersPage() -> impl IntoView {
    let data = Data::load(|| (), |()| load_browsers());
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    view! {
        <SettingsPage title="Known browsers" class="page">
            <p class="lead">
                "The browsers that you have logged in with in the last 180 days. We email you about a login with any \
                 other. If you don’t recognise a browser, forget it and " // A full page load, since the server may ask for the password first.
                <a href="/accounts/password_change" rel="external">
                    "change your password"
                </a> "."
            </p>
            <p>
                "Forgetting a browser doesn’t log it out: see " <a href=DEVICES rel="external">
                    "your devices"
                </a> "."
            </p>
            <Loaded
                data
                show=move |Browsers { username, browsers }| {
                    expect_member(&name, &username);
                    if browsers.is_empty() {
                        return view! { <p>"No browsers are known."</p> }.into_any();
                    }
                    view! {
                        <ul class="devices" aria-label="Known browsers">
                            {browsers.into_iter().map(|browser| view! { <BrowserCard browser /> }).collect_view()}
                        </ul>
                        <section aria-labelledby="forget-all" class="end-several">
                            <h2 id="forget-all">"Forget all browsers"</h2>
                            <p>"You stay logged in. We email you about the next login with each of them, this one included."</p>
                            <form method="post" action=ForgetAllBrowsers::PATH>
                                <input type="hidden" name=FORM_PAGE value=BROWSERS />
                                <button type="submit" class="button danger">
                                    "Forget all browsers"
                                </button>
                            </form>
                        </section>
                    }
                        .into_any()
                }
            />
        </SettingsPage>
    }
}

#[component]
fn BrowserCard(browser: Browser) -> impl IntoView {
    let Browser { id, name, first_login, last_login, is_this } = browser;
    // Browsers can have the same name: the label tells visitors who cannot see the card which one a
    // button is for.
    let label = match is_this {
        true => "Forget this browser".to_owned(),
        false => format!("Forget {name}, last login {}", last_login.text),
    };
    view! {
        <li class="card device">
            <h2>{name} " " {is_this.then(|| view! { <span class="badge">"This browser"</span> })}</h2>
            <dl class="facts">
                <dt>"First login"</dt>
                <dd>
                    <Timestamp moment=first_login />
                </dd>
                <dt>"Last login"</dt>
                <dd>
                    <Timestamp moment=last_login />
                </dd>
            </dl>
            <form method="post" action=ForgetBrowser::PATH>
                <input type="hidden" name=FORM_PAGE value=BROWSERS />
                <input type="hidden" name="browser" value=id.to_string() />
                <button type="submit" class="button" aria-label=label>
                    "Forget"
                </button>
            </form>
        </li>
    }
}
