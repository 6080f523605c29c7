//! The site as a relying party. A credential is bound to the host's name, and an IP address is no
//! name: browsers refuse it.

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use url::Host;

use super::NoPasskeys;
use crate::{
    auth::webauthn::RelyingParty,
    base::config::Switch,
    shared::{
        error::AppError,
        forms::{Field, Problem},
        paths::PASSKEYS,
    },
    site::{AppState, RequestContext, parts},
};

/// Returns the relying party, or why passkeys cannot be used at this address.
///
/// Without a configured address the site is on this machine, at an IP address. There, the pages
/// that are opened by the name `localhost` have passkeys.
pub fn relying_party(site: &AppState, headers: &HeaderMap) -> Result<RelyingParty, NoPasskeys> {
    if site.config.accounts.passkeys == Switch::Off {
        return Err(NoPasskeys::Off);
    }
    let base = &site.base_url;
    match base.host() {
        Some(Host::Domain(name)) if base.scheme() == "https" || is_localhost(name) => {
            Ok(RelyingParty { id: name.to_owned(), origin: base.origin().ascii_serialization() })
        }
        Some(Host::Domain(_)) | None => Err(NoPasskeys::Insecure),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => {
            let Some(local) = local_address(site) else {
                return Err(NoPasskeys::IpAddress);
            };
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            if local.strip_prefix("http://") == Some(host) {
                return Ok(RelyingParty { id: LOCALHOST.to_owned(), origin: local });
            }
            Err(NoPasskeys::OpenInstead(local))
        }
    }
}

const LOCALHOST: &str = "localhost";

fn is_localhost(name: &str) -> bool {
    name == LOCALHOST || name.ends_with(".localhost")
}

/// Returns the address with the name `localhost`, if the site has no configured one and listens
/// only on this machine.
pub fn local_address(site: &AppState) -> Option<String> {
    let is_local = match site.base_url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    let port = site.base_url.port().map(|port| format!(":{port}")).unwrap_or_default();
    (is_local && site.config.site.base_url.is_empty()).then(|| format!("http://{LOCALHOST}{port}"))
}

/// Returns the relying party, in a server function.
///
/// # Errors
/// [`AppError::Invalid`] where passkeys cannot be used.
pub fn current() -> Result<RelyingParty, AppError> {
    let context = RequestContext::current()?;
    relying_party(&context.site, &parts::parts()?.headers)
        .map_err(|_| AppError::invalid(Field::Form, Problem::PasskeyRefused))
}

/// Returns the route by which password managers find the page of passkeys (W3C, "A Well-Known URL
/// for Relying Party Passkey Endpoints").
pub fn routes() -> Router<AppState> {
    Router::new().route("/.well-known/passkey-endpoints", get(endpoints))
}

async fn endpoints(State(site): State<AppState>, headers: HeaderMap) -> Response {
    match relying_party(&site, &headers) {
        Ok(party) => {
            let page = format!("{}{PASSKEYS}", party.origin);
            let content = serde_json::json!({ "enroll": page, "manage": page }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], content).into_response()
        }
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}
