//! The event streams of an open page: one tells that the session has ended, and a part of a page
//! may follow one of its own. They are open only while the page is visible, because a browser opens
//! six connections per host, for all tabs together.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{
    leptos_dom::helpers::WindowListenerHandle,
    prelude::{document, set_timeout, window_event_listener_untyped},
    web_sys::{Event, EventSource, MessageEvent, VisibilityState},
};
use wasm_bindgen::{JsCast, prelude::Closure};

use super::typed::leave_page;
use crate::{
    sessions::ENDED_EVENT,
    shared::paths::SESSION_STREAM,
    ui::{
        follow::{Follow, OnMessage, Stop},
        session_notice::{Lost, SessionNotice},
    },
};

/// The delay before a retry. After a response that is not a stream (from a proxy, while the site
/// restarts) EventSource gives up; we do not.
const AGAIN: Duration = Duration::from_secs(20);

/// Returns the opener of streams that all pages use.
pub fn follow(notice: SessionNotice) -> Follow {
    Follow::new(move |path, on_message| begin(path, on_message, notice.clone()))
}

/// Watches the session, if the page was rendered for a member. When it ends, the page is reloaded
/// and the server shows what a stranger may see. If something was typed, the page shows a notice
/// instead.
pub fn watch_session(notice: SessionNotice) {
    let shown = document().query_selector("[data-member]").ok().flatten();
    let Some(member) = shown.and_then(|shown| shown.get_attribute("data-member")) else {
        return;
    };
    let on_message = {
        let notice = notice.clone();
        move |found| match found == member {
            // The member logged in again, in another tab: the form can be sent.
            true => notice.hide(),
            false => leave_page(&notice, Lost::ToAnother),
        }
    };
    // For as long as the page lives.
    let _stop = begin(SESSION_STREAM.to_owned(), Box::new(on_message), notice);
}

/// Follows the stream at this path until the returned function is called.
fn begin(path: String, on_message: OnMessage, notice: SessionNotice) -> Stop {
    let stream = Rc::new(Stream { path, on_message, notice, open: RefCell::default() });
    stream.open();
    // `pageshow`: the page was restored from the back/forward cache.
    let listeners = ["visibilitychange", "pageshow", "pagehide", "submit"].map(|name| {
        let stream = stream.clone();
        window_event_listener_untyped(name, move |event| match &*event.type_() {
            // A form is being submitted: its response sets the new cookie, and a reload must not
            // overtake it.
            "submit" if event.default_prevented() => {}
            "submit" | "pagehide" => stream.close(),
            _ => stream.open(),
        })
    });
    Box::new(move || {
        stream.close();
        listeners.into_iter().for_each(WindowListenerHandle::remove);
    })
}

struct Stream {
    path: String,
    on_message: OnMessage,
    notice: SessionNotice,
    open: RefCell<Option<Open>>,
}

/// The event source and its callback, which must live as long.
struct Open {
    source: EventSource,
    _on_event: Closure<dyn FnMut(Event)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.source.close();
    }
}

impl Stream {
    /// Opens the stream, or closes it where the page is hidden.
    fn open(self: &Rc<Self>) {
        if document().visibility_state() != VisibilityState::Visible {
            return self.close();
        }
        if self.open.borrow().is_some() {
            return;
        }
        let Ok(source) = EventSource::new(&self.path) else {
            return;
        };
        let on_event = {
            let (stream, source) = (self.clone(), source.clone());
            Closure::new(move |event: Event| match &*event.type_() {
                "message" => {
                    if let Some(text) = event.unchecked_ref::<MessageEvent>().data().as_string() {
                        (stream.on_message)(text);
                    }
                }
                ENDED_EVENT => {
                    source.close();
                    leave_page(&stream.notice, Lost::Ended);
                }
                _ if source.ready_state() == EventSource::CLOSED => {
                    let stream = stream.clone();
                    set_timeout(move || stream.open_again(), AGAIN);
                }
                _ => {}
            })
        };
        for name in ["message", ENDED_EVENT, "error"] {
            let _ = source.add_event_listener_with_callback(name, on_event.as_ref().unchecked_ref());
        }
        *self.open.borrow_mut() = Some(Open { source, _on_event: on_event });
    }

    /// Replaces a stream that has failed. One that was closed because the page was left or hidden
    /// stays closed.
    fn open_again(self: &Rc<Self>) {
        let is_dead =
            self.open.borrow().as_ref().is_some_and(|open| open.source.ready_state() == EventSource::CLOSED);
        if is_dead {
            self.close();
            self.open();
        }
    }

    fn close(&self) {
        self.open.borrow_mut().take();
    }
}
