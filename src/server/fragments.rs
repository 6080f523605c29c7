//! The server's half of [`crate::ui::Cached`]: fragments are rendered apart from their page, under a request that says no more than
//! what they are kept by, so that nothing else can be in them.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::http::{Request, request::Parts};
use leptos::{
    prelude::*,
    reactive::{computed::ScopedFuture, owner::Sandboxed},
};
use leptos_axum::ResponseOptions;
use tokio_stream::StreamExt;

use super::{Site, page_cache, pages};
use crate::{
    cache::{Fits, Lease, Policy, PublicBytes, View},
    error::AppError,
    member::{Client, Member},
    timing::Recorder,
    ui::{
        PageContext, SetStatus,
        cached::{Fragment, Fragments, Whose},
    },
};

/// For the page of this request.
pub fn of(site: &Site, request: &Parts) -> Fragments {
    let member = request.extensions.get::<Member>();
    let page = Around {
        site: site.clone(),
        recorder: request.extensions.get().cloned().unwrap_or_default(),
        member: member.cloned(),
        is_kept_for_member: member
            .is_some_and(|member| page_cache::is_in_person(&request.extensions, member)),
        set_status: use_context(),
    };
    Fragments::new(move |fragment| {
        let page = page.clone();
        Box::pin(async move { page.find(fragment).await })
    })
}

/// What of a page's request matters to its fragments.
#[derive(Clone)]
struct Around {
    site: Site,
    recorder: Recorder,
    member: Option<Member>,
    /// Whether it is the member who is there, and nobody who acts as them.
    is_kept_for_member: bool,
    set_status: Option<SetStatus>,
}

impl Around {
    async fn find(&self, fragment: Fragment) -> String {
        let (cache, recorder) = (&self.site.cache, &self.recorder);
        let found = match (fragment.whose, &self.member) {
            (Whose::Everybodys, _) => self.look(cache.public(recorder), fragment, None).await,
            (Whose::Members, Some(member)) if self.is_kept_for_member => {
                self.look(cache.of(member, recorder), fragment, Some(member)).await
            }
            (Whose::Members, member) => self.render(fragment, member.as_ref()).await.map(|made| made.html),
        };
        found.unwrap_or_else(|error| {
            if let Some(page) = &self.set_status {
                page.say(error.status(), error.retry_after());
            }
            String::new()
        })
    }

    async fn look<Who>(
        &self,
        view: View<'_, Who>,
        fragment: Fragment,
        member: Option<&Member>,
    ) -> Result<String, AppError>
    where
        PublicBytes: Fits<Who>,
    {
        let policy = Policy::new(fragment.name, 1, fragment.ttl);
        let rights = member.map(page_cache::fingerprint).unwrap_or_default();
        let own = fragment.parts.clone();
        // Never the same as the parts of a value of that name.
        let parts: Vec<&str> =
            ["fragment", rights.as_str()].into_iter().chain(own.iter().map(String::as_str)).collect();
        let found = match view.get_now(policy, &parts) {
            Some(entry) => entry,
            None => match view.lease(policy, &parts).await {
                Lease::Found(entry, _) => entry,
                Lease::Failed(error) => return Err(error),
                Lease::Alone => return Ok(self.render(fragment, member).await?.html),
                Lease::Yours(fill) => match self.render(fragment, member).await {
                    Ok(made) if made.is_to_be_kept => {
                        let entry = fill.keep(PublicBytes(made.html.into())).await;
                        self.recorder.good_until(entry.expires_at);
                        entry
                    }
                    Ok(made) => {
                        fill.pass();
                        return Ok(made.html);
                    }
                    Err(error) => {
                        fill.fail(error.clone());
                        return Err(error);
                    }
                },
            },
        };
        Ok(String::from_utf8_lossy(&found.value).into_owned())
    }

    /// Renders it once, whatever it waits for. In a task of its own, because Leptos keeps the values of what is being rendered by
    /// thread, and those of the page must be there when it goes on.
    async fn render(&self, fragment: Fragment, member: Option<&Member>) -> Result<Made, AppError> {
        let (around, member) = (self.clone(), member.cloned());
        let rendered = tokio::spawn(async move {
            // With no parent, so that no context of the page's reaches it, and with nothing that would be sent to the browser.
            let owner = Owner::new_root(None);
            Sandboxed::new(async move {
                let (failed, answer) = (Arc::new(AtomicBool::new(false)), ResponseOptions::default());
                let chunks = owner.with(|| {
                    around.provide(member.as_ref(), &failed, &answer);
                    (fragment.render)(fragment.parts).to_html_stream_in_order()
                });
                let html = owner.with(|| ScopedFuture::new_untracked(chunks.collect::<String>())).await;
                owner.unset_with_forced_cleanup();
                let says_nothing =
                    answer.0.read().is_ok_and(|said| said.status.is_none() && said.headers.is_empty());
                Made { html, is_to_be_kept: says_nothing && !failed.load(Ordering::Relaxed) }
            })
            .await
        });
        rendered.await.map_err(|error| {
            tracing::error!(%error, "A fragment could not be rendered");
            AppError::Internal
        })
    }

    /// What a page is given, of which it keeps no more than what the fragment is kept by.
    fn provide(&self, member: Option<&Member>, failed: &Arc<AtomicBool>, answer: &ResponseOptions) {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(Client::default());
        parts.extensions.insert(self.recorder.clone());
        if let Some(member) = member {
            parts.extensions.insert(member.clone());
        }
        provide_context(PageContext {
            site_name: self.site.config.site.name.clone(),
            visitor: member.map(pages::visitor),
            ..Default::default()
        });
        provide_context(self.site.clone());
        provide_context(parts);
        provide_context(answer.clone());
        let (failed, page) = (failed.clone(), self.set_status.clone());
        provide_context(SetStatus::new(move |status, retry_after| {
            failed.store(true, Ordering::Relaxed);
            if let Some(page) = &page {
                page.say(status, retry_after);
            }
        }));
    }
}

/// A fragment that was made, and whether nothing in it speaks against keeping it.
struct Made {
    html: String,
    is_to_be_kept: bool,
}
