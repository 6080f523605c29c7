//! Keeps the keyboard focus when a part of the page is replaced: after sorting a list, the focus
//! stays on the same heading, and the change is announced. In the browser only.

use leptos::{
    prelude::document,
    wasm_bindgen::{JsCast, JsValue},
    web_sys::{
        Element, HtmlElement,
        js_sys::{Array, Function, Reflect},
    },
};

use super::frame::focus_content;

/// The name of the focused element in the content: the element itself is replaced.
pub struct Focused(String);

impl Focused {
    /// Returns the focused element, if it is in the content.
    pub fn now() -> Option<Self> {
        let active = document().active_element()?;
        let is_inside = active.closest("#content :is(a,button,input,select,summary)").ok()?.is_some();
        is_inside.then(|| Self(name_of(&active)))
    }

    /// Focuses the element with the same name, otherwise the content. A focus that has moved
    /// elsewhere stays there.
    pub fn restore(self) {
        if document().active_element().is_some_and(|active| active.tag_name() != "BODY") {
            return;
        }
        let same = elements("#content :is(a,button,input,select,summary)")
            .into_iter()
            .find(|element| name_of(element) == self.0)
            .and_then(|element| element.dyn_into::<HtmlElement>().ok());
        match same {
            Some(same) => drop(same.focus()),
            None => focus_content(),
        }
    }
}

/// Says of the content that it is about to be replaced, or no longer.
pub fn set_busy(is_busy: bool) {
    if let Some(content) = document().get_element_by_id("content") {
        let _ = match is_busy {
            true => content.set_attribute("aria-busy", "true"),
            false => content.remove_attribute("aria-busy"),
        };
    }
}

/// Describes the content for users who cannot see the change: heading, number of results, order,
/// and the first entry, by which one page of a list differs from another.
pub fn describe_content() -> String {
    let text = |selector| elements(selector).first().and_then(|element| element.text_content());
    let heading = text("#content h1").unwrap_or_default();
    let order = elements("#content [aria-sort]").first().and_then(|head| {
        let order = head.get_attribute("aria-sort")?;
        Some(format!(", sorted by {}, {order}", head.text_content()?))
    });
    let found = text("#content .found").map(|found| format!(". {found}")).unwrap_or_default();
    let first = text("#content :is(th[scope=row], .log li)").map(|first| format!(". First: {first}"));
    format!("{heading}{}{found}{}", order.unwrap_or_default(), first.unwrap_or_default())
}

/// Returns all elements that match. Called through `Reflect`, because enabling the web-sys feature
/// would compile everything below leptos a second time.
pub fn elements(selector: &str) -> Vec<Element> {
    let document: JsValue = document().into();
    let find = Reflect::get(&document, &"querySelectorAll".into()).ok();
    let found = find
        .and_then(|find| find.dyn_into::<Function>().ok())
        .and_then(|find| find.call1(&document, &selector.into()).ok());
    found
        .map(|found| Array::from(&found).iter().filter_map(|element| element.dyn_into().ok()).collect())
        .unwrap_or_default()
}

/// Returns an id or a label, or the text without its numbers, which may have changed.
fn name_of(element: &Element) -> String {
    let label = ["id", "aria-label"].into_iter().find_map(|name| element.get_attribute(name));
    let text = label.or_else(|| element.text_content()).unwrap_or_default();
    format!("{} {}", element.tag_name(), text.trim().replace(|c: char| c.is_ascii_digit() || c == ',', ""))
}
