//! A page's heading, and the title of its window.

use leptos::prelude::*;

/// Returns the window's title; the start page is called like the site.
pub fn window_title(title: &str, site_name: &str) -> String {
    match title == site_name {
        true => site_name.to_owned(),
        false => format!("{title} · {site_name}"),
    }
}

/// The heading of a page that is named by its data, which also becomes the first part of the
/// window's title.
#[component]
pub fn Heading(
    /// The text.
    title: String,
) -> impl IntoView {
    if let Some(window) = use_context::<WindowTitle>() {
        window.name.try_set(title.clone());
    }
    view! {
        <h1>
            <bdi>{title}</bdi>
        </h1>
    }
}

/// The title of a page that is named by its data, until that is there.
#[derive(Clone)]
pub(super) struct Unnamed(pub String);

/// The window's title: what the page is about, and whether one of its forms was refused.
#[derive(Clone, Copy)]
pub(super) struct WindowTitle {
    pub is_refused: RwSignal<bool>,
    pub name: RwSignal<String>,
}

impl WindowTitle {
    /// Puts "Error: " before the page's title, or removes it.
    pub fn mark(title: Option<Self>, has_error: bool) {
        if let Some(title) = title {
            title.is_refused.try_set(has_error);
        }
    }
}
