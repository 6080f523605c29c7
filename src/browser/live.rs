//! Watches the session of an open page. When it ends, the page is reloaded and the server shows
//! what a stranger may see. If something was typed, the page shows a notice instead.

use std::{cell::RefCell, rc::Rc, time::Duration};

use leptos::{
    prelude::{document, set_timeout, window_event_listener_untyped},
    web_sys::{Event, EventSource, MessageEvent, VisibilityState},
};
use wasm_bindgen::{JsCast, prelude::Closure};

use super::typed::leave_page;
use crate::{
    sessions::ENDED_EVENT,
    shared::paths::SESSION_STREAM,
    ui::session_notice::{Lost, SessionNotice},
};

/// The delay before a retry. After a response that is not a stream (from a proxy, while the site
/// restarts) EventSource gives up; we do not.
const AGAIN: Duration = Duration::from_secs(20);

/// This page's only stream, while it is open.
#[derive(Clone, Default)]
struct Stream(Rc<RefCell<Option<Open>>>);

/// The event source and its callbacks, which must live as long.
struct Open {
    source: EventSource,
    _whose: Closure<dyn FnMut(MessageEvent)>,
    _ended: Closure<dyn FnMut(Event)>,
    _failed: Closure<dyn FnMut(Event)>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Starts watching, if the page was rendered for a member.
pub fn begin(notice: SessionNotice) {
    let Some(member) = member() else {
        return;
    };
    let stream = Stream::default();
    let follow = {
        let stream = stream.clone();
        move || {
            // A browser opens six connections per host, for all tabs together: only visible pages
            // get one.
            let wanted = document().visibility_state() == VisibilityState::Visible;
            match wanted {
                true => stream.open(&member, &notice),
                false => stream.close(),
            }
        }
    };
    follow();
    let on_show = follow.clone();
    window_event_listener_untyped("visibilitychange", move |_| follow());
    // The page was restored from the back/forward cache.
    window_event_listener_untyped("pageshow", move |_| on_show());
    let on_hide = stream.clone();
    window_event_listener_untyped("pagehide", move |_| on_hide.close());
    // A form is being submitted: its response sets the new cookie, and a reload must not overtake
    // it.
    window_event_listener_untyped("submit", move |event: Event| {
        if !event.default_prevented() {
            stream.close();
        }
    });
}

/// Returns the member the page was rendered for.
fn member() -> Option<String> {
    document().query_selector("[data-member]").ok().flatten()?.get_attribute("data-member")
}

impl Stream {
    fn open(&self, member: &str, notice: &SessionNotice) {
        if self.0.borrow().is_some() {
            return;
        }
        let Ok(source) = EventSource::new(SESSION_STREAM) else {
            return;
        };
        let whose = {
            let (member, notice) = (member.to_owned(), notice.clone());
            Closure::new(move |event: MessageEvent| match event.data().as_string() {
                Some(found) if found != member => leave_page(&notice, Lost::ToAnother),
                // The member logged in again, in another tab: the form can be sent.
                _ => notice.hide(),
            })
        };
        let ended = {
            let (source, notice) = (source.clone(), notice.clone());
            Closure::new(move |_: Event| {
                source.close();
                leave_page(&notice, Lost::Ended);
            })
        };
        let failed = {
            let (source, stream) = (source.clone(), self.clone());
            let (member, notice) = (member.to_owned(), notice.clone());
            Closure::new(move |_: Event| {
                if source.ready_state() == EventSource::CLOSED {
                    let (stream, member, notice) = (stream.clone(), member.clone(), notice.clone());
                    let again = move || {
                        // A stream that was closed because the page was left or hidden stays
                        // closed.
                        if stream.is_dead() {
                            stream.close();
                            stream.open(&member, &notice);
                        }
                    };
                    set_timeout(again, AGAIN);
                }
            })
        };
        source.set_onmessage(Some(whose.as_ref().unchecked_ref()));
        let _ = source.add_event_listener_with_callback(ENDED_EVENT, ended.as_ref().unchecked_ref());
        source.set_onerror(Some(failed.as_ref().unchecked_ref()));
        *self.0.borrow_mut() = Some(Open { source, _whose: whose, _ended: ended, _failed: failed });
    }

    fn close(&self) {
        self.0.borrow_mut().take();
    }

    fn is_dead(&self) -> bool {
        self.0.borrow().as_ref().is_some_and(|open| open.source.ready_state() == EventSource::CLOSED)
    }
}
