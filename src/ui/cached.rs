//! Fragments: a part of a page of which the server keeps the HTML. (What the browser needs as data, because it shows it in a page that
//! it makes itself, is better kept as data, in a service.)
//!
//! On the server the children are rendered once, outside of the page, and what became of them is kept. In a page that was loaded the
//! browser leaves that HTML as it is; in a page to which it navigates by itself it renders the children, and nothing is kept. So what
//! is in there is for reading: no handlers. Links are `<a>`, since the router's own component belongs to a page.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use leptos::prelude::*;

/// A fragment for everybody. It is a function of its parts, which are also its key, and of nothing else:
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
/// Children that take anything along, of a member or not, do not compile: who reads the page next may be somebody else.
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
/// And what they ask for while they are rendered, they are told for a visitor who is not signed in: no member, no cookie, no message.
#[component]
pub fn Cached<F, V>(
    /// What the fragment is called: in the cache, in the log, in `Server-Timing`. One name, one fragment.
    name: &'static str,
    /// How long it is kept.
    ttl: Duration,
    /// What it depends on; for each of their values it is kept apart.
    #[prop(optional)]
    parts: Vec<String>,
    /// Makes it from its parts.
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

/// A fragment of a member's, which is kept for each of them apart, and taken back with everything else of theirs. Its children may
/// ask who the member is, and load what is theirs. For a visitor who is not signed in it is made each time.
#[component]
pub fn MemberCached<F, V>(
    /// What the fragment is called: in the cache, in the log, in `Server-Timing`. One name, one fragment.
    name: &'static str,
    /// How long it is kept.
    ttl: Duration,
    /// What it depends on beside the member; for each of their values it is kept apart.
    #[prop(optional)]
    parts: Vec<String>,
    /// Makes it from its parts. What else they take along, the copy that is kept will not follow.
    children: F,
) -> impl IntoView
where
    F: Fn(Vec<String>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    fragment(Audience::Members, name, ttl, parts, Arc::new(move |parts| children(parts).into_any()))
}

/// For whom a fragment is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// One for all.
    Everybody,
    /// One for each member.
    Members,
}

/// A fragment that is wanted.
pub struct Fragment {
    /// For whom.
    pub whose: Audience,
    /// What it is called.
    pub name: &'static str,
    /// How long it is kept.
    pub ttl: Duration,
    /// What it depends on.
    pub parts: Vec<String>,
    /// Makes it.
    pub render: Render,
}

/// Makes a fragment from its parts.
pub type Render = Arc<dyn Fn(Vec<String>) -> AnyView + Send + Sync>;

/// The HTML of a fragment, some time.
pub type Html = Pin<Box<dyn Future<Output = String> + Send>>;

/// Where fragments come from. There is one on the server, and none in the browser.
#[derive(Clone)]
pub struct Fragments(Arc<dyn Fn(Fragment) -> Html + Send + Sync>);

impl Fragments {
    /// Wraps what the server does.
    pub fn new(find: impl Fn(Fragment) -> Html + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }
}

/// One for all components, so that it is in the WASM once.
fn fragment(
    whose: Audience,
    name: &'static str,
    ttl: Duration,
    parts: Vec<String>,
    render: Render,
) -> AnyView {
    if let Some(fragments) = use_context::<Fragments>() {
        let html = (fragments.0)(Fragment { whose, name, ttl, parts, render });
        return Suspend::new(async move { frame(html.await) }).into_any();
    }
    let is_there = Owner::current_shared_context().is_some_and(|page| page.during_hydration());
    if is_there {
        // Hydration neither reads nor compares what stands in there; the empty text is never written.
        return frame(String::new()).into_any();
    }
    view! { <div class="fragment">{render(parts)}</div> }.into_any()
}

fn frame(html: String) -> impl IntoView {
    view! { <div class="fragment" inner_html=html></div> }
}
