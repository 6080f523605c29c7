//! The layout of a page, and the loading of its data.

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
    Data, FlashMessages, Main, Once, PageContext, SetStatus,
    cached::Fragments,
    frame::focus_content,
    heading::{Heading, Unnamed, WindowTitle, window_title},
    messages::ShownMessages,
    refocus::{self, Focused},
};
use crate::shared::{error::AppError, paths::DASHBOARD};

/// A page with title, messages, heading and content.
#[component]
pub fn Page(
    /// The heading, and the first part of the window's title.
    #[prop(into)]
    title: String,
    /// The class, for example for narrow pages.
    #[prop(default = "page")]
    class: &'static str,
    /// A navigation beside the content.
    #[prop(optional)]
    side: Option<AnyView>,
    /// Whether the heading comes with the data, as a [`Heading`] in [`Loaded`]; `title` until then.
    #[prop(optional)]
    is_named_by_data: bool,
    /// The content.
    children: Children,
) -> impl IntoView {
    let context = use_context::<PageContext>().unwrap_or_default();
    // Counted, and not in the page's arena: the server reads the title when the head is sent.
    let (is_refused, name) = (ArcRwSignal::new(false), ArcRwSignal::new(title.clone()));
    provide_context(WindowTitle { is_refused: is_refused.clone().into(), name: name.clone().into() });
    if is_named_by_data {
        provide_context(Unnamed(title.clone()));
    }
    let messages = ShownMessages::new(Once::messages());
    provide_context(messages);
    let page = view! {
        <Title text=move || {
            let window_title = window_title(&name.get(), &context.site_name);
            format!("{}{window_title}", if is_refused.get() { "Error: " } else { "" })
        } />
        <Main class>
            <FlashMessages messages />
            {(!is_named_by_data).then(|| view! { <h1>{title}</h1> })}
            {children()}
        </Main>
    }
    .into_any();
    let page = match side {
        Some(side) => view! { <div class="with-side">{side} {page}</div> }.into_any(),
        None => page,
    };
    rebuilt(page)
}

/// Makes leptos create a view instead of updating its predecessor. Views have no types
/// (.cargo/config.toml), so to leptos one page looks like another with other texts, and input would
/// stay in the next page's field: a password in a field that shows it, or a tick at the next user
/// in a list.
fn rebuilt(view: AnyView) -> AnyView {
    static TURN: AtomicU32 = AtomicU32::new(0);
    match TURN.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => EitherOf3::<_, AnyView, AnyView>::A(view).into_any(),
        1 => EitherOf3::<AnyView, _, AnyView>::B(view).into_any(),
        _ => EitherOf3::<AnyView, AnyView, _>::C(view).into_any(),
    }
}

/// Restores the focus after a list was reloaded, and announces the new list. In the browser only.
fn follow_reload(announced: RwSignal<String>) {
    let focused = Focused::now();
    request_animation_frame(move || {
        if let Some(focused) = focused {
            focused.restore();
        }
        announced.try_set(refocus::describe_content());
    });
}

/// Waits for a page's data, in the page's only `Suspense`. An error is shown as its sentence and
/// sets the page's status. If the visitor is no longer signed in or must re-authenticate, the page
/// is reloaded, and the server decides what to show.
#[component]
pub fn Loaded<T, V, IV>(
    /// The page's data.
    data: Data<T>,
    /// Renders the data.
    show: V,
) -> impl IntoView
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    V: Fn(T) -> IV + Clone + Send + Sync + 'static,
    IV: IntoView + 'static,
{
    // Boxed, so that the WASM contains the rest only once and not once per page.
    let shown = Arc::new(move || {
        let show = show.clone();
        Box::pin(async move { data.get().await.map(|data| show(data).into_any()) }) as Shown
    });
    loaded(shown, Arc::new(move || data.refetch()))
}

/// The server renders the parts that wait for data more than once; that is not a reload, and there
/// is no focus.
pub(super) const IN_BROWSER: bool = cfg!(target_arch = "wasm32");

type Shown = Pin<Box<dyn Future<Output = Result<AnyView, AppError>> + Send>>;

fn loaded(shown: Arc<dyn Fn() -> Shown + Send + Sync>, refetch: Arc<dyn Fn() + Send + Sync>) -> AnyView {
    // While a list is sorted, filtered or paged, the old one stays, and with it the focus.
    let (announced, is_reload) = (RwSignal::new(String::new()), StoredValue::new(false));
    let unnamed = use_context::<Unnamed>().map(|Unnamed(title)| title);
    let until_then = unnamed.clone();
    // On the server the page may be gone before its last effect has run.
    let set_busy = if IN_BROWSER { SignalSetter::map(refocus::set_busy) } else { SignalSetter::default() };
    view! {
        <div class="hidden-text" aria-live="polite">
            {announced}
        </div>
        <Transition
            fallback=move || {
                view! {
                    {until_then.clone().map(|title| view! { <h1>{title}</h1> })}
                    <p class="loading">"Loading…"</p>
                }
            }
            set_pending=set_busy
        >
            {move || {
                let (shown, refetch, unnamed) = (shown(), refetch.clone(), unnamed.clone());
                Suspend::new(async move {
                    let found = shown.await;
                    Fragments::settle().await;
                    if IN_BROWSER && is_reload.try_update_value(|is| std::mem::replace(is, true)) == Some(true) {
                        follow_reload(announced);
                    }
                    match found {
                        Ok(view) => rebuilt(view),
                        Err(error) => {
                            SetStatus::set(error.status(), error.retry_after());
                            let knows_more = [
                                AppError::SignedOut,
                                AppError::ReauthenticationRequired,
                                AppError::SecondFactorRequired,
                                AppError::ActingOver,
                            ];
                            if knows_more.contains(&error) {
                                reload();
                            }
                            let try_again = move || {
                                focus_content();
                                refetch();
                            };
                            let error = view! {
                                {unnamed.map(|title| view! { <Heading title /> })}
                                <LoadError error try_again />
                            };
                            rebuilt(error.into_any())
                        }
                    }
                })
            }}
        </Transition>
    }
    .into_any()
}

/// Shows why a page's data could not be loaded, below the page's heading.
#[component]
fn LoadError(error: AppError, try_again: impl Fn() + 'static) -> impl IntoView {
    // A lost connection has no status.
    let status = (error != AppError::Offline).then(|| error.status());
    // What does not exist or is not allowed will not be at the next try either.
    let can_help = !matches!(error, AppError::NotFound | AppError::Forbidden | AppError::ClosedWhileActing);
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
            {if can_help {
                view! { <TryAgain try_again /> }.into_any()
            } else {
                view! { <p><a href="/">"Go to the home page"</a></p> }.into_any()
            }}
        </section>
    }
}

#[component]
fn TryAgain(try_again: impl Fn() + 'static) -> impl IntoView {
    view! {
            <p>
                // The current URL, which the browser reloads without JavaScript.
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
    }
}

/// Reloads the page if its data belongs to another member than the page: somebody else has logged
/// in meanwhile, in another tab.
pub fn expect_member(expected: &str, found: &str) {
    if expected != found {
        reload();
    }
}

/// Reloads the page; effects run only in the browser.
fn reload() {
    Effect::new(|| {
        let _ = window().location().reload();
    });
}

/// Shows an error as the whole content of a page.
#[component]
pub fn ErrorText(
    /// The HTTP status.
    status: u16,
    /// The sentence.
    #[prop(into)]
    sentence: String,
    /// The page of the form that failed.
    #[prop(optional_no_strip)]
    back: Option<String>,
    /// Whether the visitor has a dashboard.
    is_member: bool,
    /// The request's id, to be quoted.
    #[prop(optional_no_strip)]
    request_id: Option<String>,
) -> impl IntoView {
    let (page, name) = match is_member {
        true => (DASHBOARD, "Go to your dashboard"),
        false => ("/", "Go to the home page"),
    };
    view! {
        <section class="error-page">
            <p class="error-status">{status}</p>
            <h1>{heading(status)}</h1>
            <p>{sentence}</p>
            {back.map(|back| view! { <p><a href=back>"Back to the form"</a></p> })}
            <p>
                <a href=page>{name}</a>
            </p>
            {request_id.map(|id| view! { <p class="help">"Request ID: " <code>{id}</code></p> })}
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
    fn an_error_below_a_heading_has_no_h1_and_a_lost_connection_no_status() {
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
