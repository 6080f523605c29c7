//! The frame around the content of every page, also used by error pages rendered outside the app.

use leptos::{
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{FocusOptions, HtmlElement},
};

use super::Once;

/// The first target of the Tab key. `external` makes the browser jump instead of the router, and
/// move the focus.
#[component]
pub fn SkipLink() -> impl IntoView {
    view! {
        <a class="skip" href="#content" rel="external">
            "Skip to main content"
        </a>
    }
}

/// The page's header.
#[component]
pub fn Header(
    /// The site's name, which links to the start page.
    site_name: String,
    /// The label of the navigation.
    label: &'static str,
    /// The member that the page was rendered for, if any; `browser::live` reads it.
    #[prop(optional_no_strip)]
    member: Option<String>,
    /// The navigation's items.
    children: Children,
) -> impl IntoView {
    view! {
        <header class="site-header" data-member=member>
            <a class="site-name" href="/">
                {site_name}
            </a>
            <nav aria-label=label>
                <ul>{children()}</ul>
            </nav>
        </header>
    }
}

/// The main content. After a navigation within the browser it takes the focus: as after a page
/// load, screen readers and the Tab key start here, and not at a link that is gone.
#[component]
pub fn Main(
    /// The class, for example for narrow pages.
    #[prop(default = "page")]
    class: &'static str,
    /// The content.
    children: Children,
) -> impl IntoView {
    let content = NodeRef::<html::Main>::new();
    if !Once::is_loaded() {
        // By the next frame the window has its new title, which is announced with the focus.
        content.on_load(|_| request_animation_frame(focus_content));
    }
    view! {
        <main class=class id="content" tabindex="-1" node_ref=content>
            {children()}
        </main>
    }
}

/// Moves the focus to the content when the focused element is removed. In the browser only.
pub fn focus_content() {
    let found = document().get_element_by_id("content");
    if let Some(content) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // The router may have kept the element, and focusing an element that already has the focus
        // is not announced.
        let _ = content.blur();
        // The scroll position is up to the router and the browser. With content taller than the
        // window, focus() alone would scroll past the header.
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = content.focus_with_options(&options);
    }
}

/// The page's footer.
#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <p>"Every request is timed, every cached thing says when it was made."</p>
        </footer>
    }
}
