//! The entry point for requests: the fast path answers cached pages, and the router everything
//! else.

use std::convert::Infallible;

use axum::{
    Router,
    body::Body,
    http::{Request, header},
    response::Response,
};
use bytes::Bytes;
use http_body::Body as HttpBody;
use tower::ServiceExt;

use super::{
    page_cache::{PageCache, fast_path},
    router,
};
use crate::{base::network::Peer, site::AppState};

/// The whole site as a service.
pub struct SiteService {
    site: AppState,
    pages: PageCache,
    router: Router,
}

impl SiteService {
    /// Creates the service in front of this site's router.
    pub fn new(site: AppState) -> Self {
        let pages = PageCache::new(site.clone());
        Self { router: router::router(site.clone(), pages.clone()), pages, site }
    }

    /// Answers one request from `peer`.
    ///
    /// # Errors
    /// None: every failure becomes a response.
    pub async fn answer<B>(&self, request: Request<B>, peer: Peer) -> Result<Response, Infallible>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let site = &self.site;
        let _in_flight = site.requests.begin();
        let mut response = self.inner(request, peer).await;
        response.headers_mut().insert(header::DATE, site.date.at(site.clock.now()));
        Ok(response)
    }

    async fn inner<B>(&self, request: Request<B>, peer: Peer) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        // The fast path does not read the body, and without it the request is `Sync` even if its
        // body is not.
        let (head, body) = request.into_parts();
        let mut request = Request::from_parts(head, ());
        request.extensions_mut().insert(peer);
        if let Some(response) = fast_path(&self.pages, &request).await {
            return response;
        }
        // Boxed, so that the future of the fast path does not reserve memory for this one.
        let answer: Result<Response, Infallible> =
            Box::pin(self.router.clone().oneshot(request.map(|()| Body::new(body)))).await;
        match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
