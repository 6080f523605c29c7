//! Event streams that an open page follows while it is visible.

use std::{cell::RefCell, rc::Rc};

use leptos::{
    prelude::{document, window_event_listener_untyped},
    web_sys::{Event, EventSource, MessageEvent, VisibilityState},
};
use wasm_bindgen::{JsCast, prelude::Closure};

use super::typed::leave_page;
use crate::{
    sessions::ENDED_EVENT,
    ui::{
        follow::{Follow, Stop, Told},
        session_notice::{Lost, SessionNotice},
    },
};

/// Returns the opener of streams that all pages use.
pub fn follow(notice: SessionNotice) -> Follow {
    Follow::new(move |path, told| begin(path, told, notice.clone()))
}

/// The event source and its callbacks, which must live as long.
struct Open {
    source: EventSource,
    _told: Closure<dyn FnMut(MessageEvent)>,
    _ended: Closure<dyn FnMut(Event)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn begin(path: String, told: Told, notice: SessionNotice) -> Stop {
    let (open, told) = (Rc::new(RefCell::new(None)), Rc::new(told));
    let follow = {
        let open = open.clone();
        move || {
            let is_seen = document().visibility_state() == VisibilityState::Visible;
            let is_open = open.borrow().is_some();
            if is_seen && !is_open {
                *open.borrow_mut() = source(&path, told.clone(), notice.clone());
            } else if !is_seen {
                open.borrow_mut().take();
            }
        }
    };
    follow();
    let on_show = follow.clone();
    let shown = window_event_listener_untyped("visibilitychange", move |_| follow());
    // The page was restored from the back/forward cache.
    let returned = window_event_listener_untyped("pageshow", move |_| on_show());
    let on_hide = open.clone();
    let left = window_event_listener_untyped("pagehide", move |_| drop(on_hide.borrow_mut().take()));
    Box::new(move || {
        open.borrow_mut().take();
        [shown, returned, left].into_iter().for_each(|listener| listener.remove());
    })
}

fn source(path: &str, told: Rc<Told>, notice: SessionNotice) -> Option<Open> {
    let source = EventSource::new(path).ok()?;
    let on_told = Closure::new(move |event: MessageEvent| {
        if let Some(text) = event.data().as_string() {
            told(text);
        }
    });
    let on_ended = {
        let source = source.clone();
        // The session has ended; the reloaded page shows what the visitor may still see.
        Closure::new(move |_: Event| {
            source.close();
            leave_page(&notice, Lost::Ended);
        })
    };
    source.set_onmessage(Some(on_told.as_ref().unchecked_ref()));
    let _ = source.add_event_listener_with_callback(ENDED_EVENT, on_ended.as_ref().unchecked_ref());
    Some(Open { source, _told: on_told, _ended: on_ended })
}
