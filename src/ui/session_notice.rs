//! Tells a visitor who is typing that the session is lost, without reloading the page.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// The event dispatched in the browser when the app fails. The page then works without it.
pub const FAILED_EVENT: &str = "app-failed";
/// The event by which a page says that it has forms for passkeys.
pub const PASSKEYS_EVENT: &str = "passkeys";

/// How a session was lost.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The session has ended.
    Ended,
    /// Another member has logged in in this browser.
    ToAnother,
}

/// The notice about a lost session, hidden while the session lasts. Absent on the server.
#[derive(Clone, Default)]
pub struct SessionNotice(ArcRwSignal<Option<Lost>>);

impl SessionNotice {
    /// Shows the notice.
    pub fn show(&self, lost: Lost) {
        self.0.set(Some(lost));
    }

    /// Hides the notice.
    pub fn hide(&self) {
        if self.0.get_untracked().is_some() {
            self.0.set(None);
        }
    }

    /// Returns whether a form sent from here would be sent as another member.
    pub fn is_of_another(&self) -> bool {
        self.0.get_untracked() == Some(Lost::ToAnother)
    }
}

/// The notice, if the session is lost.
#[component]
pub fn LostSession() -> impl IntoView {
    let notice = use_context::<SessionNotice>();
    move || {
        let lost = notice.as_ref()?.0.get()?;
        let text = match lost {
            Lost::Ended => view! { <SessionEnded /> }.into_any(),
            Lost::ToAnother => view! {
                "Someone else has logged in in this browser. What you typed can no longer be sent from this page. "
                <a href="" rel="external">
                    "Reload the page"
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

/// Advice for a visitor whose session has ended while they typed. The link opens another tab,
/// because the input would be lost in this one.
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
