//! Tells who is typing that their session is lost, without taking the page away from under their hands.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Dispatched in the browser when the app cannot go on. Then the page goes on without it.
pub const FAILED_EVENT: &str = "app-failed";

/// How a session was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It has ended.
    Ended,
    /// Somebody else has logged in in this browser.
    ToAnother,
}

/// What the open page says of its session; nothing as long as all is well. There is none on the server.
#[derive(Clone, Default)]
pub struct SessionNotice(ArcRwSignal<Option<Lost>>);

impl SessionNotice {
    /// Shows it on the page.
    pub fn show(&self, lost: Lost) {
        self.0.set(Some(lost));
    }

    /// Takes it off the page, if it is there.
    pub fn hide(&self) {
        if self.0.get_untracked().is_some() {
            self.0.set(None);
        }
    }

    /// Whether what is sent from here would be sent as somebody else.
    pub fn is_of_another(&self) -> bool {
        self.0.get_untracked() == Some(Lost::ToAnother)
    }
}

/// The notice, where there is something to say.
#[component]
pub fn LostSession() -> impl IntoView {
    let notice = use_context::<SessionNotice>();
    move || {
        let lost = notice.as_ref()?.0.get()?;
        let text = match lost {
            Lost::Ended => view! { <SessionEnded /> }.into_any(),
            Lost::ToAnother => view! {
                "Somebody else has logged in in this browser. What you typed cannot be sent from here any more. "
                <a href="" rel="external">
                    "Load the page again"
                </a>
            }
            .into_any(),
        };
        Some(view! {
            <div class="session-notice">
                <p class="message warning" role="alert">
                    {text}
                </p>
            </div>
        })
    }
}

/// What to do when the session has ended and something has been typed. The link opens another tab: here the text would be lost.
#[component]
pub fn SessionEnded() -> impl IntoView {
    let location = use_location();
    let page = move || {
        format!(
            "{}{}",
            location.pathname.get(),
            location.search.with(|search| match search.as_str() {
                "" => String::new(),
                search => format!("?{}", search.trim_start_matches('?')),
            })
        )
    };
    view! {
        "Your session has ended. What you typed is still here: "
        <a href=page target="_blank">
            "log in again in another tab"
        </a>
        ", then come back and send it."
    }
}
