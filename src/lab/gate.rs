//! Closes the lab's addresses where the lab is disabled.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use crate::{
    shared::{error::AppError, paths::LAB},
    site::{AppState, response},
};

/// Answers all of the lab's addresses with 404 if the lab is disabled.
pub async fn closed(State(site): State<AppState>, request: Request, next: Next) -> Response {
    if site.config.has_lab() || !is_of_the_lab(request.uri().path()) {
        return next.run(request).await;
    }
    response::refuse(AppError::NotFound)
}

fn is_of_the_lab(path: &str) -> bool {
    let path = path.strip_prefix("/api").unwrap_or(path);
    path.strip_prefix(LAB).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_functions() {
        for path in ["/lab", "/lab/", "/lab/matrix", "/api/lab/matrix"] {
            assert!(is_of_the_lab(path), "{path}");
        }
        for path in ["/", "/labels", "/api/members/lab", "/members/lab"] {
            assert!(!is_of_the_lab(path), "{path}");
        }
    }
}
