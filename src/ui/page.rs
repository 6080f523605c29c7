//! The frame of a page, and how a page loads its data.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use leptos::{either::EitherOf3, prelude::*};
use leptos_meta::Title;
use serde::{Serialize, de::DeserializeOwned};

use super::{
    Data, FlashMessages, Main, Once, PageContext, SetStatus, frame::focus_content, messages::ShownMessages,
};
use crate::error::AppError;

/// Title, messages, heading, content.
#[component]
pub fn Page(
    /// The heading, and the first part of the window's title.
    #[prop(into)]
    title: String,
    /// A class for narrow pages and the like.
    #[prop(default = "page")]
    class: &'static str,
    /// The content.
    children: Children,
) -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    let window_title = format!("{title} · {}", context.site_name);
    let messages = ShownMessages::new(Once::messages());
    provide_context(messages);
    let page = view! {
        <Title text=window_title />
        <Main class>
            <FlashMessages messages />
            <h1>{title}</h1>
            {children()}
        </Main>
    }
    .into_any();
    // Views have no types (.cargo/config.toml), so one page looks to leptos like another with other texts, and what somebody typed into
    // a field would stay where the next page has one: a password in a field that shows it. Whatever follows is made anew.
    static TURN: AtomicU32 = AtomicU32::new(0);
    match TURN.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => EitherOf3::A(page),
        1 => EitherOf3::B(page),
        _ => EitherOf3::C(page),
    }
}

/// Waits for a page's data: the one `Suspense` of the page. An error becomes its sentence and the page's status; who is not signed
/// in any more, or has to give the password again, is sent to the server, which knows what to say.
#[component]
pub fn Loaded<T, V, IV>(
    /// The page's data.
    data: Data<T>,
    /// How it is shown.
    show: V,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Fn(T) -> IV + Clone + Send + Sync + 'static,
    IV: IntoView + 'static,
{
    // Boxed, so that what follows is in the WASM once, and not once for each page.
    let shown = Arc::new(move || {
        let show = show.clone();
        Box::pin(async move { data.get().await.map(|data| show(data).into_any()) }) as Shown
    });
    loaded(shown, Arc::new(move || data.refetch()))
}

type Shown = Pin<Box<dyn Future<Output = Result<AnyView, AppError>> + Send>>;

fn loaded(shown: Arc<dyn Fn() -> Shown + Send + Sync>, refetch: Arc<dyn Fn() + Send + Sync>) -> AnyView {
    view! {
        <Suspense fallback=|| {
            view! { <p class="loading">"Loading…"</p> }
        }>
            {move || {
                let (shown, refetch) = (shown(), refetch.clone());
                Suspend::new(async move {
                    match shown.await {
                        Ok(view) => view,
                        Err(error) => {
                            SetStatus::set(error.status(), error.retry_after());
                            let knows_more =
                                [AppError::SignedOut, AppError::ReauthenticationRequired, AppError::ActingOver];
                            if knows_more.contains(&error) {
                                reload();
                            }
                            let try_again = move || {
                                focus_content();
                                refetch();
                            };
                            view! { <LoadError error try_again /> }.into_any()
                        }
                    }
                })
            }}
        </Suspense>
    }
    .into_any()
}

/// Why a page's data are not there, below the page's own heading.
#[component]
fn LoadError(error: AppError, try_again: impl Fn() + 'static) -> impl IntoView {
    // A connection that was lost has no status.
    let status = (error != AppError::Offline).then(|| error.status());
    view! {
        <section class="error-page" role="alert">
            {status
                .map(|status| {
                    view! {
                        <p class="error-status">{status}</p>
                        <h2>{heading(status)}</h2>
                    }
                })}
            <p>{error.to_string()}</p>
            <p>
                // The present address, once more: loaded anew where no script runs.
                <a
                    href=""
                    rel="external"
                    on:click=move |event| {
                        event.prevent_default();
                        try_again();
                    }
                >
                    "Try again"
                </a>
            </p>
        </section>
    }
}

/// For data that say whose they are: when somebody else has logged in meanwhile, in another tab, the frame around them is of the
/// member before, and the whole page is loaded again.
pub fn expect_member(expected: &str, found: &str) {
    if expected != found {
        reload();
    }
}

/// A full load of the present address; effects run in the browser only.
fn reload() {
    Effect::new(|| {
        let _ = window().location().reload();
    });
}

/// What went wrong, in words; all that a page has to say.
#[component]
pub fn ErrorText(
    /// The HTTP status.
    status: u16,
    /// The sentence.
    #[prop(into)]
    sentence: String,
) -> impl IntoView {
    view! {
        <section class="error-page">
            <p class="error-status">{status}</p>
            <h1>{heading(status)}</h1>
            <p>{sentence}</p>
            <p>
                <a href="/">"To the start page"</a>
            </p>
        </section>
    }
}

const fn heading(status: u16) -> &'static str {
    match status {
        401 => "Please log in",
        403 => "Not allowed",
        429 => "Too many attempts",
        404 => "Page not found",
        413 => "Too large",
        400 | 405 | 422 => "That did not work",
        503 => "Please try again in a moment",
        _ => "Something went wrong",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_a_heading_there_is_no_second_one_and_a_lost_connection_has_no_number() {
        let html =
            |error: AppError| Owner::new().with(|| view! { <LoadError error try_again=|| () /> }.to_html());
        let outage = html(AppError::Unavailable);
        assert!(outage.contains("503") && outage.contains("Please try again in a moment"), "{outage}");
        assert!(!outage.contains("<h1"), "{outage}");
        let lost = html(AppError::Offline);
        assert!(lost.contains("could not be reached") && lost.contains("Try again"), "{lost}");
        assert!(!lost.contains("<h1") && !lost.contains("<h2") && !lost.contains("400"), "{lost}");
    }
}
