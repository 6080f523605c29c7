//! Detects input that a reload would lose.

use leptos::{
    prelude::window,
    web_sys::{HtmlInputElement, js_sys::Reflect},
};
use wasm_bindgen::{JsCast, JsValue};

use crate::ui::{
    refocus::elements,
    session_notice::{Lost, SessionNotice},
};

/// Reloads a page whose session is lost: the server knows what to show instead. A page with input
/// in it stays, without the secrets, and shows a notice.
pub fn leave_page(notice: &SessionNotice, lost: Lost) {
    // Passwords and codes, shown or not. The next person at this machine could send them.
    for secret in elements("input:is([autocomplete$=password],[autocomplete=one-time-code])") {
        secret.unchecked_into::<HtmlInputElement>().set_value("");
    }
    if has_typed() {
        notice.show(lost);
    } else {
        let _ = window().location().reload();
    }
}

fn has_typed() -> bool {
    const TEXT: &str =
        "form[method=post] :is(input:not([type=hidden],[type=checkbox],[type=radio]),textarea)";
    const BOXES: &str = "form[method=post] :is(input[type=checkbox],input[type=radio])";
    let is_changed = |selector: &str, now: &str, before: &str| {
        elements(selector).into_iter().any(|field| {
            let property = |name: &str| Reflect::get(&field, &JsValue::from_str(name)).ok();
            property(now) != property(before)
        })
    };
    is_changed(TEXT, "value", "defaultValue") || is_changed(BOXES, "checked", "defaultChecked")
}
