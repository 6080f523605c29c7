//! The server's half of [`crate::ui::Cached`]. A fragment is rendered apart from its page, under a
//! request that contains nothing but what its cache key contains, so that nothing else can get into
//! the cached HTML.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::http::{Request, request::Parts};
use leptos::{
    prelude::*,
    reactive::{computed::ScopedFuture, owner::Sandboxed},
};
use leptos_axum::ResponseOptions;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tracing::Instrument;

use super::{page_cache, page_context};
use crate::{
    base::{
        member::{ClientInfo, Member},
        spent::carried,
    },
    cache::{AllowedIn, Lease, Policy, PublicBytes, View},
    shared::error::AppError,
    site::AppState,
    timing::Recorder,
    ui::{
        PageContext, SetStatus,
        cached::{Audience, Fragment, FragmentSource, Fragments, Html},
    },
};

/// Returns the fragment renderer for the page of this request.
pub fn of(site: &AppState, request: &Parts) -> Fragments {
    let member = request.extensions.get::<Member>();
    let page = Around {
        site: site.clone(),
        recorder: request.extensions.get().cloned().unwrap_or_default(),
        member: member.cloned(),
        is_kept_for_member: member
            .is_some_and(|member| page_cache::is_in_person(&request.extensions, member)),
        set_status: use_context(),
    };
    Fragments::new(PageFragments { page, asked: Mutex::default() })
}

/// The fragments that a page has asked for. Leptos renders what waits for data twice and drops the
/// first attempt half-way, so each fragment is found in a task of its own, which the second attempt
/// joins.
struct PageFragments {
    page: Around,
    asked: Mutex<HashMap<Asked, PendingFragment>>,
}

/// A fragment's audience, name and parts.
type Asked = (Audience, &'static str, Vec<String>);

/// The HTML of a fragment, once there.
type PendingFragment = watch::Receiver<Option<String>>;

impl FragmentSource for PageFragments {
    fn find(&self, fragment: Fragment) -> Html {
        let key = (fragment.whose, fragment.name, fragment.parts.clone());
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let begin = || {
            let ((done, found), page) = (watch::channel(None), self.page.clone());
            let finding = async move { done.send_replace(Some(page.find(fragment).await)) };
            tokio::spawn(carried(finding.in_current_span()));
            found
        };
        let mut found = asked.entry(key).or_insert_with(begin).clone();
        let page = self.page.clone();
        Box::pin(async move {
            // `wait_for` may pause a task that has run for long, even for what is there.
            let mut html = found.borrow().clone();
            if html.is_none() {
                html = found.wait_for(Option::is_some).await.ok().and_then(|html| html.clone());
            }
            html.unwrap_or_else(|| page.fail(&AppError::Internal))
        })
    }

    fn settle(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<PendingFragment> = asked.values().cloned().collect();
        Box::pin(async move {
            for mut found in all {
                let _ = found.wait_for(Option::is_some).await;
            }
        })
    }
}

/// The parts of the page's request that its fragments need.
#[derive(Clone)]
struct Around {
    site: AppState,
    recorder: Recorder,
    member: Option<Member>,
    /// Whether the member is there in person. Pages under impersonation do not use the member's
    /// cache.
    is_kept_for_member: bool,
    set_status: Option<SetStatus>,
}

impl Around {
    async fn find(&self, fragment: Fragment) -> String {
        let (cache, recorder) = (&self.site.cache, &self.recorder);
        let found = match (fragment.whose, &self.member) {
            (Audience::Everybody, _) => self.look(cache.public(recorder), fragment, None).await,
            (Audience::Members, Some(member)) if self.is_kept_for_member => {
                self.look(cache.of(member, recorder), fragment, Some(member)).await
            }
            (Audience::Members, member) => self.render(fragment, member.as_ref()).await.map(|made| made.html),
        };
        found.unwrap_or_else(|error| self.fail(&error))
    }

    /// Gives the page the error's status, so that it is not cached without the fragment.
    fn fail(&self, error: &AppError) -> String {
        if let Some(page) = &self.set_status {
            page.say(error.status(), error.retry_after());
        }
        String::new()
    }

    async fn look<Who>(
        &self,
        view: View<'_, Who>,
        fragment: Fragment,
        member: Option<&Member>,
    ) -> Result<String, AppError>
    where
        PublicBytes: AllowedIn<Who>,
    {
        let policy = Policy::new(fragment.name, 1, fragment.ttl);
        let rights = member.map(page_cache::fingerprint).unwrap_or_default();
        let own = fragment.parts.clone();
        // The prefix keeps a fragment's key apart from that of a value with the same name.
        let parts: Vec<&str> =
            ["fragment", rights.as_str()].into_iter().chain(own.iter().map(String::as_str)).collect();
        let found = match view.get_now(policy, &parts) {
            Some(entry) => entry,
            None => match view.lease(policy, &parts).await {
                Lease::Found(entry, _) => entry,
                Lease::Failed(error) => return Err(error),
                Lease::Bypass => return Ok(self.render(fragment, member).await?.html),
                Lease::Owner(fill) => match self.render(fragment, member).await {
                    Ok(made) if made.is_to_be_kept => {
                        let entry = fill.keep(PublicBytes(made.html.into())).await;
                        self.recorder.good_until(entry.expires_at);
                        entry
                    }
                    Ok(made) => {
                        fill.discard();
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

    /// Renders the fragment to the end, including its asynchronous parts. Runs in a task of its
    /// own, so that a panic is an error of the fragment.
    async fn render(&self, fragment: Fragment, member: Option<&Member>) -> Result<Made, AppError> {
        let (around, member) = (self.clone(), member.cloned());
        let rendering = async move {
            // An owner without a parent does not inherit the page's context; sandboxed, it sends no
            // data for hydration to the browser.
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
        };
        let rendered = tokio::spawn(carried(rendering.in_current_span()));
        rendered.await.map_err(|error| {
            tracing::error!(%error, "A fragment could not be rendered");
            AppError::Internal
        })
    }

    /// Provides the contexts that pages rely on, reduced to what the fragment's cache key covers.
    fn provide(&self, member: Option<&Member>, failed: &Arc<AtomicBool>, answer: &ResponseOptions) {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.extensions.insert(ClientInfo::default());
        parts.extensions.insert(self.recorder.clone());
        if let Some(member) = member {
            parts.extensions.insert(member.clone());
        }
        provide_context(PageContext {
            site_name: self.site.config.site.name.clone(),
            visitor: member.map(page_context::visitor),
            time_zone: page_context::provide_zone(member),
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

/// A rendered fragment, and whether it may be cached.
struct Made {
    html: String,
    is_to_be_kept: bool,
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::AtomicUsize, time::Duration};

    use axum::http::header;

    use super::*;
    use crate::{
        base::{
            clock::Clock,
            config::{Config, DatabaseUrl},
            db::Database,
            member::UserId,
        },
        cache::Tag,
        shared::level::Level,
        site::{cookies, current_member},
        ui::{
            Cached, Data, Loaded, MemberCached,
            flash::{Flash, Message},
        },
    };

    const TTL: Duration = Duration::from_secs(60);

    async fn site(folder: &tempfile::TempDir) -> AppState {
        // This initialises the async runtime that Leptos uses.
        crate::server::pages::routes();
        let mut config = Config::default();
        let url = format!("sqlite://{}", folder.path().join("test.db").display());
        config.database.url = DatabaseUrl::new(url);
        let db = Database::connect(&config.database).await.expect("connected");
        AppState::new(config, Clock::default(), db, ([127, 0, 0, 1], 0).into()).expect("a site")
    }

    fn member(id: i64, username: &str) -> Member {
        Member::new(UserId(id), username.into(), Vec::new())
    }

    /// Renders a view as a page of this member, who has a session cookie and a flash message.
    /// Returns the status and the HTML.
    async fn page(site: &AppState, member: Option<Member>, view: fn() -> AnyView) -> (u16, String) {
        let site = site.clone();
        let page = tokio::spawn(async move {
            let owner = Owner::new_root(None);
            Sandboxed::new(async move {
                let status = Arc::new(AtomicUsize::new(200));
                let said = status.clone();
                let chunks = owner.with(|| {
                    let request = Request::builder().header(header::COOKIE, "sessionid=s3cret");
                    let (mut parts, ()) = request.body(()).expect("a request").into_parts();
                    parts.extensions.insert(Recorder::default());
                    if let Some(member) = &member {
                        parts.extensions.insert(member.clone());
                    }
                    provide_context(site.clone());
                    provide_context(parts.clone());
                    provide_context(PageContext {
                        visitor: member.as_ref().map(page_context::visitor),
                        messages: vec![Flash { level: Level::Info, message: Message::LoggedOut }],
                        ..Default::default()
                    });
                    provide_context(SetStatus::new(move |status, _| {
                        said.store(status.into(), Ordering::Relaxed);
                    }));
                    provide_context(of(&site, &parts));
                    view! { <main>{view()}</main> }.to_html_stream_in_order()
                });
                let html = owner.with(|| ScopedFuture::new_untracked(chunks.collect::<String>())).await;
                (u16::try_from(status.load(Ordering::Relaxed)).expect("a status"), html)
            })
            .await
        });
        page.await.expect("no panic")
    }

    /// Yields once, as a query would, and returns the incremented count.
    async fn slowly(count: &'static AtomicUsize) -> usize {
        tokio::task::yield_now().await;
        count.fetch_add(1, Ordering::Relaxed) + 1
    }

    #[tokio::test]
    async fn it_is_rendered_once_until_it_expires_or_is_invalidated() {
        static RENDERED: AtomicUsize = AtomicUsize::new(0);
        fn fragment() -> AnyView {
            view! {
                <Cached name="news" ttl=TTL parts=vec!["a".to_owned()] let:parts>
                    <p>{parts}": "<Await future=slowly(&RENDERED) let:count>{*count}</Await></p>
                </Cached>
            }
            .into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        let many: Vec<_> = (0..50)
            .map(|number| {
                let site = site.clone();
                let member = (number % 2 == 0).then(|| member(number, "ada"));
                tokio::spawn(async move { page(&site, member, fragment).await })
            })
            .collect();
        let mut seen = Vec::new();
        for page in many {
            seen.push(page.await.expect("no panic").1);
        }
        seen.dedup();
        assert!(seen.len() == 1 && RENDERED.load(Ordering::Relaxed) == 1, "{seen:?}");
        let frame = "<main><div class=\"fragment\"><p>";
        assert!(seen[0].starts_with(frame) && seen[0].contains("a") && seen[0].contains('1'), "{}", seen[0]);
        site.clock.advance(TTL - Duration::from_secs(1));
        assert_eq!(page(&site, None, fragment).await.1, seen[0]);
        site.clock.advance(Duration::from_secs(2));
        assert!(page(&site, None, fragment).await.1.contains('2'));
        site.cache.invalidate(&[Tag::name("news")], "a test");
        assert!(page(&site, None, fragment).await.1.contains('3'));
    }

    #[tokio::test]
    async fn other_parts_are_another_fragment() {
        fn two() -> AnyView {
            let part = |part: &str| vec![part.to_owned()];
            view! {
                <Cached name="part" ttl=TTL parts=part("one") let:parts><p>{parts}</p></Cached>
                <Cached name="part" ttl=TTL parts=part("two") let:parts><p>{parts}</p></Cached>
            }
            .into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        for _ in 0..2 {
            let (_, html) = page(&site, None, two).await;
            assert!(html.contains("one") && html.contains("two"), "{html}");
        }
    }

    #[tokio::test]
    async fn inside_awaited_data_it_is_present_and_rendered_once() {
        static RENDERED: AtomicUsize = AtomicUsize::new(0);
        fn loaded() -> AnyView {
            let load = |()| async {
                tokio::task::yield_now().await;
                Ok("a".to_owned())
            };
            let data = Data::load(|| (), load);
            let show = |part: String| {
                view! {
                    <Cached name="in_data" ttl=TTL parts=vec![part] let:parts>
                        <p>{parts}": "<Await future=slowly(&RENDERED) let:count>{*count}</Await></p>
                    </Cached>
                }
            };
            view! { <Loaded data show /> }.into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        for _ in 0..2 {
            let (_, html) = page(&site, None, loaded).await;
            assert!(html.contains("<div class=\"fragment\"><p>a"), "{html}");
            assert_eq!(RENDERED.load(Ordering::Relaxed), 1);
        }
    }

    /// Shows everything that a page can learn about its visitor.
    fn curious(_: Vec<String>) -> AnyView {
        let context = use_context::<PageContext>().unwrap_or_default();
        let visitor = context.visitor.map(|visitor| visitor.username);
        let member = current_member().map(|member| member.username().to_owned());
        let (cookie, messages) = (cookies::current("sessionid"), context.messages.len());
        view! { <p>{format!("visitor {visitor:?}, member {member:?}, cookie {cookie:?}, {messages} messages")}</p> }.into_any()
    }

    #[tokio::test]
    async fn a_public_fragment_is_rendered_as_an_anonymous_request() {
        fn fragment() -> AnyView {
            view! { <Cached name="curious" ttl=TTL let:parts>{curious(parts)}</Cached> }.into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        let (_, first) = page(&site, Some(member(1, "ada")), fragment).await;
        assert!(first.contains("visitor None, member Err(SignedOut), cookie None, 0 messages"), "{first}");
        assert_eq!(page(&site, Some(member(2, "bob")), fragment).await.1, first);
        assert_eq!(page(&site, None, fragment).await.1, first);
    }

    #[tokio::test]
    async fn a_members_fragment_sees_the_member_but_not_the_request() {
        fn fragment() -> AnyView {
            view! { <MemberCached name="mine" ttl=TTL let:parts>{curious(parts)}</MemberCached> }.into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        for (id, name) in [(1, "ada"), (2, "bob"), (1, "ada")] {
            let (_, html) = page(&site, Some(member(id, name)), fragment).await;
            let expected =
                format!("visitor Some(\"{name}\"), member Ok(\"{name}\"), cookie None, 0 messages");
            assert!(html.contains(&expected), "{html}");
        }
        let kept =
            site.cache.list(&crate::cache::CacheFilter::default(), 0, 10).await.expect("a list").entries;
        assert_eq!(kept.iter().filter(|entry| entry.name == "mine").count(), 2);
        let (_, html) = page(&site, None, fragment).await;
        assert!(html.contains("visitor None"), "{html}");
    }

    #[tokio::test]
    async fn a_members_fragment_is_invalidated_with_the_members_entries() {
        static RENDERED: AtomicUsize = AtomicUsize::new(0);
        fn fragment() -> AnyView {
            view! {
                <MemberCached name="counted" ttl=TTL let:_parts>
                    <Await future=slowly(&RENDERED) let:count>{*count}</Await>
                </MemberCached>
            }
            .into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        for (invalidated, rendered) in [(None, 1), (Some(2), 1), (Some(1), 2), (None, 2)] {
            if let Some(id) = invalidated {
                let _ = site.cache.invalidate_member(UserId(id), "a test");
            }
            page(&site, Some(member(1, "ada")), fragment).await;
            assert_eq!(RENDERED.load(Ordering::Relaxed), rendered);
        }
        // Without a member there is nothing to cache it for.
        page(&site, None, fragment).await;
        page(&site, None, fragment).await;
        assert_eq!(RENDERED.load(Ordering::Relaxed), 4);
    }

    #[tokio::test]
    async fn a_failure_is_shown_and_not_cached() {
        static RENDERED: AtomicUsize = AtomicUsize::new(0);
        fn failing() -> AnyView {
            view! {
                <Cached name="failing" ttl=TTL let:_parts>
                    {
                        RENDERED.fetch_add(1, Ordering::Relaxed);
                        SetStatus::set(503, None);
                    }
                    <p>"An outage"</p>
                </Cached>
            }
            .into_any()
        }
        fn panicking() -> AnyView {
            view! {
                <Cached name="panicking" ttl=TTL let:_parts>
                    {if RENDERED.fetch_add(1, Ordering::Relaxed) == 2 { panic!("on purpose") }}
                    <p>"Well"</p>
                </Cached>
            }
            .into_any()
        }
        let folder = tempfile::tempdir().expect("a folder");
        let site = site(&folder).await;
        for rendered in 1..3 {
            let (status, html) = page(&site, None, failing).await;
            assert!(status == 503 && html.contains("An outage"), "{status} {html}");
            assert_eq!(RENDERED.load(Ordering::Relaxed), rendered);
        }
        let (status, html) = page(&site, None, panicking).await;
        assert!(status == 500 && html.contains("<div class=\"fragment\"></div>"), "{status} {html}");
        let (status, html) = page(&site, None, panicking).await;
        assert!(status == 200 && html.contains("Well"), "{status} {html}");
    }
}
