//! The frame around the content of every page, also used by error pages rendered outside the app.

use leptos::{
    ev::MouseEvent,
    html,
    prelude::*,
    wasm_bindgen::JsCast,
    web_sys::{Element, FocusOptions, HtmlElement},
};
use leptos_router::hooks::use_location;

use super::{Once, PageContext, ZoneNote};
use crate::shared::paths::{ADMIN, DASHBOARD, EMAIL, PASSWORD_CHANGE, PROFILE, SECRET};

/// The HTML of the top of a page, which only the server knows (`server::top`).
#[derive(Clone)]
pub struct TopHtml(pub String);

/// The top of the page: header, navigation and banners. All of it stays until the next page load,
/// so only the server renders it, and none of it is in the WASM; the browser only marks where it
/// is. Must be inside a `Router`.
#[component]
pub fn Top() -> impl IntoView {
    let html = use_context::<TopHtml>().map(|TopHtml(html)| html).unwrap_or_default();
    let pathname = use_location().pathname;
    Effect::new(move |is_rendered: Option<()>| {
        let path = pathname.get();
        if is_rendered.is_some() {
            mark_present(&path);
        }
    });
    view! { <div class="top" inner_html=html on:click=|event| close_menu(&event)></div> }
}

/// Marks the present page in the navigation. In the browser only.
fn mark_present(path: &str) {
    let Ok(links) = document().query_selector_all(".site-nav a") else {
        return;
    };
    let links = (0..links.length()).filter_map(|at| links.get(at)?.dyn_into::<Element>().ok());
    for link in links {
        let _ = match present(&link.get_attribute("href").unwrap_or_default(), path) {
            Some(value) => link.set_attribute("aria-current", value),
            None => link.remove_attribute("aria-current"),
        };
    }
}

/// Closes the account menu when one of its links is followed, which may load no page. In the
/// browser only.
fn close_menu(event: &MouseEvent) {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    let link = target.and_then(|target| target.closest("a").ok().flatten());
    let menu = document().get_element_by_id("account-menu").filter(|_| link.is_some());
    if let Some(menu) = menu.and_then(|menu| menu.dyn_into::<HtmlElement>().ok()) {
        let _ = menu.hide_popover();
    }
}

/// Returns the `aria-current` of a link in the header: `page` for the page at `path`, `true` for
/// the area that it is in.
pub fn present(link: &str, path: &str) -> Option<&'static str> {
    if link == path {
        return Some("page");
    }
    let is_in_area = match link {
        ADMIN => path.strip_prefix(link).is_some_and(|rest| rest.starts_with('/')),
        PROFILE => {
            [EMAIL, PASSWORD_CHANGE].contains(&path)
                || path.starts_with("/members/") && ![DASHBOARD, SECRET].contains(&path)
        }
        _ => false,
    };
    is_in_area.then_some("true")
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

/// The page’s footer: the zone of its times and, where the lab is enabled, a line for developers.
#[component]
pub fn Footer() -> impl IntoView {
    let has_lab = use_context::<PageContext>().is_some_and(|context| context.has_lab);
    view! {
        <footer class="site-footer">
            {has_lab
                .then(|| view! { <p>"Every request is timed, every cached thing says when it was made."</p> })}
            <ZoneNote />
        </footer>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_marked_on_its_page_and_in_its_area() {
        for (link, path, expected) in [
            (DASHBOARD, DASHBOARD, Some("page")),
            (DASHBOARD, PROFILE, None),
            (PROFILE, PROFILE, Some("page")),
            (PROFILE, "/members/security/passkeys", Some("true")),
            (PROFILE, EMAIL, Some("true")),
            (PROFILE, SECRET, None),
            (PROFILE, DASHBOARD, None),
            (ADMIN, "/admin/users", Some("true")),
            (ADMIN, "/administration", None),
            (ADMIN, "/", None),
        ] {
            assert_eq!(present(link, path), expected, "{link} {path}");
        }
    }
}
