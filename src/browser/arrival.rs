//! How the current page was loaded: reads its `Server-Timing` from the browser's navigation timing.

use leptos::{
    prelude::window,
    web_sys::js_sys::{Array, Reflect},
};
use wasm_bindgen::{JsCast, JsValue};

use crate::ui::why::Arrival;

/// Returns the arrival of the loaded page.
pub fn arrival() -> Arrival {
    Arrival::new(read)
}

fn read() -> Option<(String, i64)> {
    let performance = window().performance()?;
    let load = performance.get_entries_by_type("navigation").get(0);
    let timings: Array = get(&load, "serverTiming")?.dyn_into().ok()?;
    let page = timings.iter().find(|timing| get(timing, "name").is_some_and(|name| name == "page"))?;
    let state = get(&page, "description")?.as_string()?;
    let started = get(&load, "responseStart")?.as_f64()?;
    Some((state, ((performance.now() - started) / 1000.0) as i64))
}

fn get(of: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(of, &name.into()).ok()
}
