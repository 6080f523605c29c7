//! The page that starts an impersonation, and the banner shown during it.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use server_fn::ServerFn;

use super::super::layout::AdminFrame;
use super::{
    Candidate, Choice,
    api::{self, Act, StopActing},
};
use crate::{
    shared::{
        forms::{Field, Problem, ReturnedForm},
        paths::ACT,
    },
    ui::{Data, Form, Loaded, Once, TextField, Timestamp, context::Notice},
};

/// `/admin/act?user=…`
#[component]
pub fn ActPage() -> impl IntoView {
    let search = use_location().search;
    let data = Data::load(move || search.get(), api::load_choice);
    let returned = Once::form(Act::PATH);
    view! {
        <AdminFrame title="Act as a member">
            <div class="narrow">
                <Loaded
                    data
                    show=move |choice: Choice| match choice {
                        Choice::Open { is_unknown } => view! { <ChooseMember is_unknown /> }.into_any(),
                        Choice::Of(candidate) => {
                            view! { <GiveReason candidate returned=returned.clone() /> }.into_any()
                        }
                    }
                />
            </div>
        </AdminFrame>
    }
}

/// A form that only names a member, and leads back to this page.
#[component]
fn ChooseMember(is_unknown: bool) -> impl IntoView {
    view! {
        <p>"See the site exactly as a member does. You can also start from a user’s page in the admin."</p>
        <form method="get" action=ACT class="form">
            <div class="field">
                <label for="id_username">"Username or email address"</label>
                <input
                    id="id_username"
                    name="username"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    dir="auto"
                    required
                    aria-invalid=is_unknown.then_some("true")
                    aria-describedby=is_unknown.then_some("id_username_error")
                />
                <div class="field-errors" id="id_username_error">
                    {is_unknown.then(|| view! { <p class="error">"No active member with that name or address."</p> })}
                </div>
            </div>
            <button type="submit" class="button primary">
                "Continue"
            </button>
        </form>
    }
}

#[component]
fn GiveReason(candidate: Candidate, returned: Option<ReturnedForm>) -> impl IntoView {
    let Candidate { user, username, is_possible, minutes } = candidate;
    if !is_possible {
        return view! { <p>{Problem::NotToActAs.to_string()}</p> }.into_any();
    }
    view! {
        <p>
            "You will see the site as " <strong>
                <bdi>{username}</bdi>
            </strong> {format!(" sees it, for up to {minutes} minutes.")}
        </p>
        <p>
            "The member gets an email, and their activity log records your name and your reason. You cannot change their names, password or email address, log out their devices, download their data or delete the account."
        </p>
        <Form path=Act::PATH submit="Act as this member" returned>
            <input type="hidden" name="user" value=user />
            <TextField
                field=Field::Reason
                label="Reason"
                autocomplete="off"
                capitals="sentences"
                help="The member will see this, for example: You asked us why a page looks wrong."
            />
        </Form>
    }
    .into_any()
}

/// The banner on every page during an impersonation.
#[component]
pub fn ActingBanner(
    /// What it says.
    notice: Notice,
) -> impl IntoView {
    let Notice { actor, member, until } = notice;
    view! {
        <section class="acting" aria-label="Acting as a member">
            <p>
                <bdi>{actor}</bdi>
                ", you are acting as "
                <strong>
                    <bdi>{member}</bdi>
                </strong>
                ", until "
                <Timestamp moment=until />
                " at the latest."
            </p>
            <form method="post" action=StopActing::PATH>
                <button type="submit" class="button">
                    "Stop"
                </button>
            </form>
        </section>
    }
}
