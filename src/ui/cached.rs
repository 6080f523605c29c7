//! Fragments: parts of a page whose HTML the server caches. (Data that the browser needs, because
//! it renders it in a page of its own, is better cached in a service.)
//!
//! The server renders the children once, outside of the page, and caches the result. In a loaded
//! page the browser leaves that HTML alone; after a navigation within the browser it renders the
//! children itself, uncached. So a fragment is for reading only: no event handlers. Links are
//! `<a>`, since the router's own component needs a page. Within [`Loaded`](super::Loaded) a
//! fragment is part of what `show` returns, not of a closure in it.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use leptos::prelude::*;

/// A public fragment. It is a function of its parts, which are also its key, and of nothing else:
///
/// ```
/// use {leptos::prelude::*, members_area::ui::Cached, std::time::Duration};
/// fn contents(chapter: String) -> impl IntoView {
///     view! {
///         <Cached name="contents" ttl=Duration::from_secs(60) parts=vec![chapter] let:parts>
///             <p>"Chapter " {parts}</p>
///         </Cached>
///     }
/// }
/// contents("1".to_owned());
/// ```
///
/// Children that capture anything, about a member or not, do not compile: the next reader may be
/// somebody else.
///
/// ```compile_fail
/// use {leptos::prelude::*, members_area::ui::Cached, std::time::Duration};
/// fn contents(username: String) -> impl IntoView {
///     view! {
///         <Cached name="contents" ttl=Duration::from_secs(60) let:_parts>
///             <p>"Welcome, " {username.clone()}</p>
///         </Cached>
///     }
/// }
/// contents("ada".to_owned());
/// ```
///
/// While they are rendered, they see an anonymous visitor: no member, no cookie, no message.
#[component]
pub fn Cached<F, V>(
    /// The fragment's name in the cache, in the log and in `Server-Timing`. It must be unique.
    name: &'static str,
    /// How long it is cached.
    ttl: Duration,
    /// The values it depends on; it is cached separately for each combination.
    #[prop(optional)]
    parts: Vec<String>,
    /// Renders it from its parts.
    children: F,
) -> impl IntoView
where
    F: Fn(Vec<String>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    const {
        assert!(
            size_of::<F>() == 0,
            "the children of a public fragment take nothing along: whatever they depend on is one of its parts"
        );
    }
    fragment(Audience::Everybody, name, ttl, parts, Arc::new(move |parts| children(parts).into_any()))
}

/// A fragment of a member. It is cached separately for each, and invalidated with everything else
/// of theirs. Its children may read the member and load their data. For anonymous visitors it is
/// not cached.
#[component]
pub fn MemberCached<F, V>(
    /// The fragment's name in the cache, in the log and in `Server-Timing`. It must be unique.
    name: &'static str,
    /// How long it is cached.
    ttl: Duration,
    /// The values it depends on besides the member; it is cached separately for each combination.
    #[prop(optional)]
    parts: Vec<String>,
    /// Renders it from its parts. The cached copy does not follow changes of other captured values.
    children: F,
) -> impl IntoView
where
    F: Fn(Vec<String>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    fragment(Audience::Members, name, ttl, parts, Arc::new(move |parts| children(parts).into_any()))
}

/// Who shares a cached fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Audience {
    /// One copy for everybody.
    Everybody,
    /// One copy for each member.
    Members,
}

/// A fragment to be rendered or taken from the cache.
pub struct Fragment {
    /// Who shares it.
    pub whose: Audience,
    /// Its name.
    pub name: &'static str,
    /// How long it is cached.
    pub ttl: Duration,
    /// The values it depends on.
    pub parts: Vec<String>,
    /// Renders it.
    pub render: Render,
}

/// Renders a fragment from its parts.
pub type Render = Arc<dyn Fn(Vec<String>) -> AnyView + Send + Sync>;

/// A future of a fragment's HTML.
pub type Html = Pin<Box<dyn Future<Output = String> + Send>>;

/// The fragments of one page, present only on the server.
#[derive(Clone)]
pub struct Fragments(Arc<dyn FragmentSource>);

/// The server's implementation of [`Fragments`].
pub trait FragmentSource: Send + Sync {
    /// Takes a fragment from the cache or renders it, once for each page.
    fn find(&self, fragment: Fragment) -> Html;

    /// Waits for all fragments asked for so far.
    fn settle(&self) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

impl Fragments {
    /// Wraps the server's implementation.
    pub fn new(source: impl FragmentSource + 'static) -> Self {
        Self(Arc::new(source))
    }

    /// Waits for the fragments of the views created so far. A view that was itself waited for needs
    /// this: leptos leaves out whatever in it is still pending.
    pub async fn settle() {
        if let Some(Self(source)) = use_context() {
            source.settle().await;
        }
    }
}

/// Not generic, so that the WASM contains it only once.
fn fragment(
    whose: Audience,
    name: &'static str,
    ttl: Duration,
    parts: Vec<String>,
    render: Render,
) -> AnyView {
    if let Some(Fragments(source)) = use_context() {
        let html = source.find(Fragment { whose, name, ttl, parts, render });
        return Suspend::new(async move { frame(html.await) }).into_any();
    }
    let is_there = Owner::current_shared_context().is_some_and(|page| page.during_hydration());
    if is_there {
        // Hydration neither reads nor compares this content; the empty text is never written.
        return frame(String::new()).into_any();
    }
    view! { <div class="fragment">{render(parts)}</div> }.into_any()
}

fn frame(html: String) -> impl IntoView {
    view! { <div class="fragment" inner_html=html></div> }
}
