//! The frame of a page, and how a page loads its data.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{FlashMessages, Once, PageContext, SetStatus};
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
    view! {
        <Title text=window_title />
        <main class=class id="content" tabindex="-1">
            <FlashMessages messages=Once::messages() />
            <h1>{title}</h1>
            {children()}
        </main>
    }
}

/// Waits for a page's data: the one `Suspense` of the page. An error becomes its sentence and the page's status; who is not signed
/// in any more, or has to give the password again, is sent to the server, which knows what to say.
#[component]
pub fn Loaded<T, V, IV>(
    /// The page's data.
    data: Resource<Result<T, AppError>>,
    /// How it is shown.
    show: V,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: Fn(T) -> IV + Clone + Send + Sync + 'static,
    IV: IntoView + 'static,
{
    view! {
        <Suspense fallback=|| {
            view! { <p class="loading">"Loading…"</p> }
        }>
            {move || {
                let show = show.clone();
                Suspend::new(async move {
                    match data.await {
                        Ok(data) => show(data).into_any(),
                        Err(error) => {
                            SetStatus::set(error.status(), error.retry_after());
                            if matches!(error, AppError::SignedOut | AppError::ReauthenticationRequired) {
                                reload();
                            }
                            view! { <ErrorText status=error.status() sentence=error.to_string() /> }.into_any()
                        }
                    }
                })
            }}
        </Suspense>
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

/// What went wrong, in words.
#[component]
pub fn ErrorText(
    /// The HTTP status.
    status: u16,
    /// The sentence.
    #[prop(into)]
    sentence: String,
) -> impl IntoView {
    let heading = match status {
        401 => "Please log in",
        403 => "Not allowed",
        429 => "Too many attempts",
        404 => "Page not found",
        413 => "Too large",
        400 | 405 | 422 => "That did not work",
        503 => "Please try again in a moment",
        _ => "Something went wrong",
    };
    view! {
        <section class="error-page">
            <p class="error-status">{status}</p>
            <h1>{heading}</h1>
            <p>{sentence}</p>
            <p>
                <a href="/">"To the start page"</a>
            </p>
        </section>
    }
}
