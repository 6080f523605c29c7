//! A form that waits in its sender's browser: for a login, because the session had ended, or for
//! re-authentication. It travels in a cookie for the reasons given in [`super::flash`], and without
//! passwords.
//!
//! After re-authentication the server replays the form. To make sure that it is the sender's own,
//! the cookie proves for which session it was written: it carries a MAC whose key is the session's
//! id.

use std::time::Duration;

use axum::{
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{
    AppState,
    cookie_value::{MAX_COOKIE_BYTES, decode, encode, fitting},
    cookies::{self, SESSION},
    form_body::{self, Values},
    response::with_next,
};
use crate::shared::{
    forms::{FORM_MEMBER, FORM_PAGE, FormErrors, ReturnedForm},
    functions::find_function,
    paths::REAUTHENTICATE,
};

/// The cookie's name.
pub const COOKIE: &str = "kept_form";
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The cookie's content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingForm {
    /// The page that the form was sent from.
    page: String,
    /// The form's path and values.
    form: ReturnedForm,
    /// The member that the page was rendered for; the input is shown to nobody else.
    #[serde(default)]
    member: Option<String>,
    /// Proof that the form is complete and was sent in the current session. Without it the form is
    /// only shown again.
    #[serde(default)]
    proof: Option<String>,
}

impl PendingForm {
    /// Reads the pending form from the request.
    pub fn read(site: &AppState, headers: &HeaderMap) -> Option<Self> {
        decode(cookies::read(site, headers, COOKIE))
    }

    /// Returns whether it belongs to the page at this path.
    pub fn is_on(&self, path: &str) -> bool {
        self.page.split(['?', '#']).next() == Some(path)
    }

    /// Returns the form for its page, if the page is shown to the member who filled it in.
    pub fn shown_to(self, username: Option<&str>) -> Option<ReturnedForm> {
        let is_theirs = self.member.as_deref().is_none_or(|member| username == Some(member));
        is_theirs.then_some(self.form)
    }
}

/// Stores a form to be shown again on its page. It is not replayed: after a login, for example, the
/// member may be another one.
pub fn keep_to_show(site: &AppState, answer: &mut HeaderMap, page: &str, form: &str, values: Values) {
    let member = values.get(FORM_MEMBER).cloned();
    let values = form_body::shown_again(values);
    let form = ReturnedForm { form: form.to_owned(), errors: FormErrors::default(), values };
    let value = fitting(form, |form| {
        encode(&PendingForm { page: page.to_owned(), form, member: member.clone(), proof: None })
    });
    cookies::set(site, answer, COOKIE, value, LIFETIME);
}

/// Leads from the button for a file to re-authentication, and from there to the button's page, not
/// to the file. The page then says that the button is to be pressed again.
pub fn reauthenticate_for_file(site: &AppState, page: &str, form: &str) -> Response {
    let to = [(header::LOCATION, with_next(REAUTHENTICATE, page))];
    let mut response = (StatusCode::SEE_OTHER, to).into_response();
    keep_to_show(site, response.headers_mut(), page, form, Values::new());
    response
}

/// Stores a form until re-authentication. It is then replayed, unless it must be submitted again
/// ([`Function::replayed`](crate::shared::functions::Function::replayed)), contains a password, or
/// is too long for a cookie.
pub fn keep_for_reauthentication(
    site: &AppState,
    request: &HeaderMap,
    answer: &mut HeaderMap,
    page: &str,
    form: &str,
    values: Values,
) {
    if find_function(form).is_some_and(|function| function.replayed)
        && !form_body::has_secrets(&values)
        && let Some(session) = cookies::read(site, request, SESSION)
    {
        let mut all = values.clone();
        let member = all.remove(FORM_MEMBER);
        all.remove(FORM_PAGE);
        let form = ReturnedForm { form: form.to_owned(), errors: FormErrors::default(), values: all };
        let mut pending = PendingForm { page: page.to_owned(), form, member, proof: None };
        pending.proof =
            mac(&pending, &session).map(|mac| URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()));
        let value = encode(&pending);
        if value.len() <= MAX_COOKIE_BYTES {
            return cookies::set(site, answer, COOKIE, value, LIFETIME);
        }
    }
    keep_to_show(site, answer, page, form, values);
}

/// Returns path and body of the form to replay, after a re-authentication that leads back to
/// `page`.
pub fn resend(site: &AppState, request: &HeaderMap, page: &str) -> Option<(Uri, Bytes)> {
    let mut pending = PendingForm::read(site, request)?;
    let proof = URL_SAFE_NO_PAD.decode(pending.proof.take()?).ok()?;
    let session = cookies::read(site, request, SESSION)?;
    if pending.page != page || mac(&pending, &session)?.verify_slice(&proof).is_err() {
        return None;
    }
    let path = Uri::try_from(pending.form.form.as_str()).ok()?;
    Some((path, Bytes::from(form_body::encoded(&pending.form.values))))
}

/// Prevents the replay of a pending form, because its sender has gone elsewhere meanwhile. The
/// input stays.
pub fn cancel_resend(site: &AppState, request: &HeaderMap, answer: &mut HeaderMap) {
    if let Some(PendingForm { page, form, member, proof: Some(_) }) = PendingForm::read(site, request) {
        let mut values = form_body::shown_again(form.values);
        if values.is_empty() {
            return cookies::remove(site, answer, COOKIE);
        }
        values.extend(member.map(|member| (FORM_MEMBER.to_owned(), member)));
        keep_to_show(site, answer, &page, &form.form, values);
    }
}

/// Computes the MAC over the form except its proof. `None` cannot happen: HMAC takes keys of any
/// length, and the content always serializes.
fn mac(pending: &PendingForm, session: &str) -> Option<Hmac<Sha256>> {
    let content = serde_json::to_vec(&PendingForm { proof: None, ..pending.clone() }).ok()?;
    Some(Hmac::new_from_slice(session.as_bytes()).ok()?.chain_update(content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_is_valid_for_its_session_and_content_only() {
        let pending = |page: &str, value: &str| PendingForm {
            page: page.to_owned(),
            form: ReturnedForm {
                form: "/api/x".into(),
                errors: FormErrors::default(),
                values: Values::from([("user".to_owned(), value.to_owned())]),
            },
            member: None,
            proof: None,
        };
        let proof = |pending: PendingForm, session: &str| {
            mac(&pending, session).expect("a MAC").finalize().into_bytes().to_vec()
        };
        let good = proof(pending("/x", "7"), "a-session");
        let again = PendingForm { proof: Some("old".into()), ..pending("/x", "7") };
        assert_eq!(proof(again, "a-session"), good);
        for (other, session) in [
            (pending("/x", "8"), "a-session"),
            (pending("/y", "7"), "a-session"),
            (pending("/x", "7"), "b-session"),
            (pending("/x", "7"), ""),
        ] {
            assert_ne!(proof(other, session), good);
        }
    }

    #[test]
    fn input_is_shown_only_to_its_author() {
        let form = ReturnedForm { form: "/api/x".into(), ..Default::default() };
        let of = |member: Option<&str>| PendingForm {
            page: "/members/profile?x=1#names".into(),
            form: form.clone(),
            member: member.map(str::to_owned),
            proof: None,
        };
        assert!(of(None).is_on("/members/profile") && !of(None).is_on("/members"));
        assert!(of(Some("ada")).shown_to(Some("ada")).is_some() && of(None).shown_to(None).is_some());
        assert!(of(Some("ada")).shown_to(Some("bob")).is_none() && of(Some("ada")).shown_to(None).is_none());
    }
}
