//! The devices page. Its forms are plain, hydrated or not: their effect is worth a page load.

use leptos::prelude::*;
use server_fn::ServerFn;

use super::{
    Device, Devices,
    api::{self, EndAllSessions, EndOtherSessions, EndSession},
};
use crate::{
    accounts::api::LogOut,
    shared::{
        forms::FORM_PAGE,
        paths::{BROWSERS, DEVICES},
    },
    ui::{Data, Loaded, PageContext, SettingsPage, Timestamp, expect_member},
};

/// `/members/sessions`: the signed-in devices.
#[component]
pub fn DevicesPage() -> impl IntoView {
    let data = Data::load(|| (), |()| api::load_sessions());
    let name = use_context::<PageContext>()
        .and_then(|context| context.visitor)
        .map(|visitor| visitor.username)
        .unwrap_or_default();
    view! {
        <SettingsPage title="Your devices" class="page">
            <p class="lead">
                "Everywhere you are logged in. If you don’t recognise a device, log it out and "
                <a href="/accounts/password_change">"change your password"</a> ". We email you about logins with a browser "
                "that isn’t " <a href=BROWSERS rel="external">
                    "known"
                </a> "."
            </p>
            <Loaded
                data
                show=move |Devices { username, devices, is_cut }| {
                    expect_member(&name, &username);
                    let has_others = devices.iter().any(|device| !device.is_this);
                    view! {
                        <ul class="devices" aria-label="Signed-in devices">
                            {devices.into_iter().map(|device| view! { <DeviceCard device /> }).collect_view()}
                        </ul>
                        {is_cut
                            .then(|| {
                                view! {
                                    <p class="help">
                                        "Only the most recent devices are shown. “Log out all other devices” \
                                         also logs out the rest."
                                    </p>
                                }
                            })}
                        <EndSeveral has_others />
                    }
                }
            />
        </SettingsPage>
    }
}

#[component]
fn DeviceCard(device: Device) -> impl IntoView {
    let Device { session, name, address, since, last_seen, is_this } = device;
    // Devices can have the same name: the label tells visitors who cannot see the card which one a
    // button is for.
    let (action, label) = match is_this {
        true => (LogOut::PATH, "Log out this device".to_owned()),
        false => (EndSession::PATH, format!("Log out {name}, signed in {}", since.text)),
    };
    let seen = match is_this {
        true => "Now".into_any(),
        false => view! { <Timestamp moment=last_seen /> }.into_any(),
    };
    view! {
        <li class="card device">
            <h2>{name} " " {is_this.then(|| view! { <span class="badge">"This device"</span> })}</h2>
            <dl class="facts">
                <dt>"Address"</dt>
                <dd>{address}</dd>
                <dt>"Signed in"</dt>
                <dd>
                    <Timestamp moment=since />
                </dd>
                <dt>"Last seen"</dt>
                <dd>{seen}</dd>
            </dl>
            <form method="post" action=action>
                {(!is_this)
                    .then(|| {
                        view! {
                            <input type="hidden" name=FORM_PAGE value=DEVICES />
                            <input type="hidden" name="session" value=session />
                        }
                    })}
                <button type="submit" class="button" aria-label=label>
                    "Log out"
                </button>
            </form>
        </li>
    }
}

/// The forms that end several sessions. Ending the present one as well takes a second click.
#[component]
fn EndSeveral(has_others: bool) -> impl IntoView {
    view! {
        <section aria-labelledby="end-several" class="end-several">
            <h2 id="end-several">"Log out several devices"</h2>
            {has_others
                .then(|| {
                    view! {
                        <form method="post" action=EndOtherSessions::PATH>
                            <input type="hidden" name=FORM_PAGE value=DEVICES />
                            <button type="submit" class="button">
                                "Log out all other devices"
                            </button>
                        </form>
                    }
                })}
            <details>
                <summary>"Log out everywhere"</summary>
                <form method="post" action=EndAllSessions::PATH>
                    <input type="hidden" name=FORM_PAGE value=DEVICES />
                    <p>"This logs you out on every device, including this one, and forgets your known browsers."</p>
                    <button type="submit" class="button danger">
                        "Log out everywhere, including this device"
                    </button>
                </form>
            </details>
        </section>
    }
}
