//! `/.well-known/security.txt` (RFC 9116): whom to tell about a weakness of this site.

use axum::{Router, routing::get};

use super::static_files::{REVALIDATE, with_caching};
use crate::{
    base::{clock::Millis, config::Site, moment::moment},
    site::AppState,
};

/// How long the file counts as current from when it is sent: the RFC recommends less than a year.
/// It is computed, because the contact is current as long as the site is configured with it.
const CURRENT_FOR_MS: Millis = 180 * 86_400_000;
/// The language of the pages; the operator answers in it at least.
const LANGUAGES: &str = "en";
const PATH: &str = "/.well-known/security.txt";

/// Returns the route, or none without `site.security_contact`: the address is then an unknown one.
pub fn routes(site: &AppState) -> Router<AppState> {
    if site.config.site.security_contact.is_empty() {
        return Router::new();
    }
    let site = site.clone();
    let file = get(move || async move { text(&site.config.site, site.clock.now()) });
    with_caching(Router::new().route(PATH, file), REVALIDATE)
}

/// Returns the file. It is the same for a whole day.
fn text(site: &Site, now: Millis) -> String {
    let expires = moment(now.saturating_add(CURRENT_FOR_MS)).iso;
    let day = expires.split('T').next().unwrap_or_default();
    let contact = &site.security_contact;
    // The RFC requires https of it.
    let canonical = match site.base_url.trim_end_matches('/') {
        base if base.starts_with("https://") => format!("Canonical: {base}{PATH}\n"),
        _ => String::new(),
    };
    format!("Contact: {contact}\nExpires: {day}T00:00:00Z\nPreferred-Languages: {LANGUAGES}\n{canonical}")
}
