//! What stands around the content of every page, also of the error pages that are made outside of the app.

use leptos::{
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{FocusOptions, HtmlElement},
};

use super::Once;

/// The first thing that the Tab key reaches. `external`: the browser jumps, not the router, and takes the focus along.
#[component]
pub fn SkipLink() -> impl IntoView {
    view! {
        <a class="skip" href="#content" rel="external">
            "Skip to the content"
        </a>
    }
}

/// The top of the page.
#[component]
pub fn Header(
    /// The site's name; it leads to the start page.
    site_name: String,
    /// What the navigation is for.
    label: &'static str,
    /// Whom the page is for, where it is for a member; `browser::live` looks for it.
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

/// The content. After a navigation within the browser it takes the focus: as after a page load, a screen reader begins to read and
/// the Tab key to count here, and not where a link was that is gone.
#[component]
pub fn Main(
    /// A class for narrow pages and the like.
    #[prop(default = "page")]
    class: &'static str,
    /// What stands in it.
    children: Children,
) -> impl IntoView {
    let content = NodeRef::<html::Main>::new();
    if !Once::is_loaded() {
        // In the next frame the window has its new title, which is heard with the focus.
        content.on_load(|_| request_animation_frame(focus_content));
    }
    view! {
        <main class=class id="content" tabindex="-1" node_ref=content>
            {children()}
        </main>
    }
}

/// Gives the focus to the content, when what had it goes away. In the browser only.
pub fn focus_content() {
    let found = document().get_element_by_id("content");
    if let Some(content) = found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        // The router may have kept the element, and nobody hears of a focus that was there before.
        let _ = content.blur();
        // Where the window stands is the router's and the browser's to say. To show a content that is taller than the window, focus()
        // alone would scroll past the header.
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = content.focus_with_options(&options);
    }
}

/// The bottom of the page.
#[component]
pub fn Footer() -> impl IntoView {
    view! {
        <footer class="site-footer">
            <p>"Every request is timed, every cached thing says when it was made."</p>
        </footer>
    }
}
