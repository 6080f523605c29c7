//! The page cache's layer. It runs inside the guard, so every request here was admitted.

use axum::{
    body::{Body, to_bytes},
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;

use super::super::error_page;
use super::{
    CachedPage, PageCache,
    answer::{answer, bypassed},
    cached_body::{CachedBody, LARGEST},
    canonical_request::canonical_request,
    repack::repack,
    script_hashes::replace_nonces_with_hashes,
    variant::Variant,
};
use crate::{
    base::spent::Timer,
    cache::{AllowedIn, Entry, Lease, LeaseOwner, PublicBytes, View},
    shared::{error::AppError, part::Part},
    site::page_validity::PageInProgress,
    timing::{Recorder, layer::is_html, lookup::Lookup},
};

/// Serves cached pages, and caches those that are not cached yet.
pub async fn cache_pages(State(pages): State<PageCache>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    let Some(page) = route.and_then(|route| pages.pages.find(route.as_str())).copied() else {
        return made(next, request).await;
    };
    let recorder = request.extensions().get::<Recorder>().cloned().unwrap_or_default();
    let wanted = CacheablePage { pages, page, recorder };
    let Some(variant) = Variant::of(&wanted.pages.site, &page, &request) else {
        return wanted.alone(request, next).await;
    };
    let (cache, recorder) = (&wanted.pages.site.cache, &wanted.recorder);
    match &variant.member {
        Some(member) => wanted.look(cache.of(member, recorder), &variant, request, next).await,
        None => wanted.look(cache.public(recorder), &variant, request, next).await,
    }
}

/// A request for a page that can be cached.
struct CacheablePage {
    pages: PageCache,
    page: CachedPage,
    recorder: Recorder,
}

impl CacheablePage {
    async fn look<Who>(
        &self,
        view: View<'_, Who>,
        variant: &Variant,
        request: Request,
        next: Next,
    ) -> Response
    where
        PublicBytes: AllowedIn<Who>,
    {
        let (policy, parts) = (self.page.policy, variant.key_parts(&self.pages.edition));
        let (entry, lookup) = match view.get_now(policy, &parts) {
            Some(entry) => (entry, Lookup::Hit),
            None => match view.lease(policy, &parts).await {
                Lease::Found(entry, lookup) => (entry, lookup),
                Lease::Owner(fill) => {
                    let in_progress = PageInProgress::begin(
                        self.page.policy.ttl,
                        self.page.outlives_its_parts,
                        self.pages.site.clock.now(),
                    );
                    let canonical = canonical_request(&request, &self.page, variant, in_progress);
                    let made = made(next.clone(), canonical).await;
                    match self.keep(fill, made, in_progress, variant).await {
                        Ok(entry) => (entry, Lookup::Miss),
                        Err(response) => return self.not_kept(response),
                    }
                }
                Lease::Failed(error) => {
                    return self.not_kept(error_page::refuse(&self.pages.site, request.headers(), &error));
                }
                Lease::Bypass => return self.alone(request, next).await,
            },
        };
        if let (Lookup::Hit, Some(member)) = (lookup, &variant.member) {
            repack(&self.pages, &self.page, member, parts, &entry.value);
        }
        let (headers, now) = (request.headers(), self.pages.site.clock.now());
        match answer(&self.pages, &self.page, (entry, lookup), variant.member.is_none(), headers, now) {
            Some((response, state)) => {
                self.recorder.page(state);
                response
            }
            // The entry is corrupt, in a backend outside this process.
            None => {
                view.delete(policy, &parts).await;
                self.alone(request, next).await
            }
        }
    }

    /// Renders the page for this request alone.
    async fn alone(&self, request: Request, next: Next) -> Response {
        self.not_kept(made(next, request).await)
    }

    fn not_kept(&self, mut response: Response) -> Response {
        self.recorder.page(bypassed(&self.page, response.headers_mut()));
        response
    }

    /// Stores a rendered page. Returns the response as `Err` if it must not be cached.
    async fn keep<Who>(
        &self,
        fill: LeaseOwner<Who>,
        made: Response,
        in_progress: PageInProgress,
        variant: &Variant,
    ) -> Result<Entry<Bytes>, Response>
    where
        PublicBytes: AllowedIn<Who>,
    {
        if !is_to_be_kept(made.status(), made.headers()) {
            match made.status() {
                // Waiting requests would most likely get the same error, one after the other.
                StatusCode::SERVICE_UNAVAILABLE => fill.fail(AppError::Unavailable),
                status if status.is_server_error() => fill.fail(AppError::Internal),
                _ => fill.discard(),
            }
            return Err(made);
        }
        let (head, body) = made.into_parts();
        let Ok(body) = to_bytes(body, usize::MAX).await else {
            fill.fail(AppError::Internal);
            return Err(error_page::refuse(&self.pages.site, &head.headers, &AppError::Internal));
        };
        match pack(&self.pages, variant, &head.headers, &body).await {
            Some(packed) => {
                let (begun, end) = (in_progress.begun(), in_progress.expires_at(&self.recorder));
                Ok(fill.timed(begun, end).keep(PublicBytes(packed)).await)
            }
            None => {
                fill.discard();
                Err(Response::from_parts(head, Body::from(body)))
            }
        }
    }
}

/// Makes the answer. The time that a page takes is its rendering's.
async fn made(next: Next, request: Request) -> Response {
    let timer = Timer::start(Part::Render);
    let response = next.run(request).await;
    if !is_html(&response) {
        timer.discard();
    }
    response
}

/// Only complete pages are cached, without cookies or other headers for one visitor, and without a
/// Cache-Control of their own.
fn is_to_be_kept(status: StatusCode, headers: &HeaderMap) -> bool {
    let is = |name, value: &str| {
        headers.get(name).and_then(|found| found.to_str().ok()).is_some_and(|found| found == value)
    };
    // Other headers would be lost in the cache, and a page's own Cache-Control is obeyed.
    let known = [header::CONTENT_TYPE, header::CONTENT_SECURITY_POLICY, header::CONTENT_LENGTH];
    status == StatusCode::OK
        && is(header::CONTENT_TYPE, "text/html; charset=utf-8")
        && headers.keys().all(|name| known.contains(name))
}

async fn pack(pages: &PageCache, variant: &Variant, headers: &HeaderMap, body: &Bytes) -> Option<Bytes> {
    let policy = headers.get(header::CONTENT_SECURITY_POLICY)?.to_str().ok()?;
    let html = std::str::from_utf8(body).ok().filter(|html| html.len() <= LARGEST)?;
    let (html, policy) = replace_nonces_with_hashes(html, policy)?;
    if variant.member.is_some() {
        return Some(CachedBody::pack_lightly(html.as_bytes(), policy.as_bytes()));
    }
    let compression = pages.compression.try_acquire().ok()?;
    let pack = move || CachedBody::pack(html.as_bytes(), policy.as_bytes());
    pages.compression.run(compression, pack).await.ok()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_complete_plain_pages_are_cached() {
        let html = (header::CONTENT_TYPE, "text/html; charset=utf-8");
        let policy = (header::CONTENT_SECURITY_POLICY, "script-src 'nonce-x'");
        for (status, headers, expected) in [
            (200, vec![html.clone(), policy.clone()], true),
            (200, vec![html.clone(), policy.clone(), (header::CONTENT_LENGTH, "9")], true),
            (404, vec![html.clone(), policy.clone()], false),
            (206, vec![html.clone(), policy.clone()], false),
            (503, vec![html.clone(), policy.clone()], false),
            (302, vec![html.clone(), policy.clone()], false),
            (200, vec![policy.clone()], false),
            (200, vec![(header::CONTENT_TYPE, "text/html"), policy.clone()], false),
            (200, vec![(header::CONTENT_TYPE, "application/json"), policy.clone()], false),
            (200, vec![html.clone(), policy.clone(), (header::SET_COOKIE, "a=b")], false),
            (200, vec![html.clone(), policy.clone(), (header::CACHE_CONTROL, "no-store")], false),
            (200, vec![html.clone(), policy.clone(), (header::CACHE_CONTROL, "private")], false),
            (200, vec![html.clone(), policy.clone(), (header::RETRY_AFTER, "1")], false),
            (200, vec![html, policy, (header::LOCATION, "/")], false),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let map = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            assert_eq!(is_to_be_kept(status, &map.collect()), expected, "{status} {headers:?}");
        }
    }
}
