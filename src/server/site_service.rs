//! Where requests come in: a page that is ready is answered at once, everything else goes through the router.

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

/// The whole site. Cheap to clone.
#[derive(Clone)]
pub struct SiteService {
    site: AppState,
    pages: PageCache,
    router: Router,
}

impl SiteService {
    /// In front of this site's router.
    pub fn new(site: AppState) -> Self {
        let pages = PageCache::new(site.clone());
        Self { router: router::router(site.clone(), pages.clone()), pages, site }
    }

    /// Answers one request of that visitor's.
    ///
    /// # Errors
    /// None: whatever goes wrong is an answer.
    pub async fn answer<B>(self, request: Request<B>, peer: Peer) -> Result<Response, Infallible>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let site = self.site.clone();
        let mut response = self.inner(request, peer).await;
        response.headers_mut().insert(header::DATE, site.date.at(site.clock.now()));
        Ok(response)
    }

    async fn inner<B>(self, request: Request<B>, peer: Peer) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        // Nobody looks at the body here, and one that cannot be shared between threads need not be.
        let (head, body) = request.into_parts();
        let mut request = Request::from_parts(head, ());
        request.extensions_mut().insert(peer);
        if let Some(response) = fast_path(&self.pages, &request).await {
            return response;
        }
        // In a box: what is answered above does not carry the room for it along.
        let answer: Result<Response, Infallible> =
            Box::pin(self.router.oneshot(request.map(|()| Body::new(body)))).await;
        match answer {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
