//! The body of a plain form, and the page it was sent from.

use std::{collections::BTreeMap, error::Error};

use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, header, request::Parts},
};
use bytes::Bytes;
use http_body_util::LengthLimitError;

use super::{AppState, next::destination};
use crate::shared::{
    error::AppError,
    forms::{FORM_PAGE, Field, FormErrors, ReturnedForm},
    paths::SAVE_PICTURE,
};

/// The values of a form, by field name.
pub type Values = BTreeMap<String, String>;

/// Forms that upload a file. They read the body themselves, with their own limit; their other
/// values are in the URL.
pub const WITH_FILE: [&str; 1] = [SAVE_PICTURE];

/// A submitted form.
#[derive(Clone)]
pub struct FormPart {
    /// The path of its server function.
    pub path: String,
    /// The headers of its request.
    pub headers: HeaderMap,
    /// Its values.
    pub values: Values,
}

impl FormPart {
    /// Returns the page that the form was sent from.
    pub fn page(&self, site: &AppState) -> Option<String> {
        page(site, &self.headers, &self.values)
    }

    /// Returns the form for its page, with these errors.
    pub fn returned(self, errors: FormErrors) -> ReturnedForm {
        ReturnedForm { form: self.path, errors, values: shown_again(self.values) }
    }
}

/// Reads the values of a form; an uploaded file stays in the body.
///
/// # Errors
/// [`AppError::TooLarge`] or [`AppError::BadRequest`], together with what is known of the form.
pub async fn read(
    site: &AppState,
    parts: &Parts,
    body: Body,
) -> Result<(FormPart, Body), (FormPart, AppError)> {
    let path = parts.uri.path().to_owned();
    let sent = |values| FormPart { path: path.clone(), headers: parts.headers.clone(), values };
    if WITH_FILE.contains(&path.as_str()) {
        let query = Bytes::from(parts.uri.query().unwrap_or_default().to_owned());
        return Ok((sent(values(&query)), body));
    }
    let limit = usize::try_from(site.config.server.max_body.bytes()).unwrap_or(usize::MAX);
    match to_bytes(body, limit).await {
        Ok(body) => Ok((sent(values(&body)), Body::from(body))),
        Err(error) => Err((sent(Values::new()), unreadable(&error))),
    }
}

/// Returns why a body could not be read: too large, interrupted or malformed.
fn unreadable(error: &axum::Error) -> AppError {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return AppError::TooLarge;
        }
        cause = error.source();
    }
    AppError::BadRequest
}

/// Returns the page that the form was sent from: that of its hidden field, otherwise the `Referer`,
/// or `None` if neither names a page of this site.
pub fn page(site: &AppState, headers: &HeaderMap, values: &Values) -> Option<String> {
    let referer = headers.get(header::REFERER).and_then(|referer| referer.to_str().ok());
    values
        .get(FORM_PAGE)
        .map(String::as_str)
        .into_iter()
        .chain(referer)
        .find_map(|page| destination(page, &site.base_url, "/"))
        // A server function is not a page: a browser redirected there would get an error for the
        // wrong method.
        .filter(|page| !page.starts_with("/api/"))
}

/// Parses an encoded form. Checkboxes that share a name ending in `[]` become one value, separated
/// by commas.
pub fn values(body: &Bytes) -> Values {
    let mut values = Values::new();
    for (name, value) in form_urlencoded::parse(body) {
        let present: &mut String = values.entry(name.clone().into_owned()).or_default();
        if name.ends_with("[]") && !present.is_empty() {
            present.push(',');
            present.push_str(&value);
        } else {
            *present = value.into_owned();
        }
    }
    values
}

/// Encodes values as the form sent them; the reverse of [`values`].
pub fn encoded(values: &Values) -> String {
    let mut body = form_urlencoded::Serializer::new(String::new());
    for (name, value) in values {
        if name.ends_with("[]") {
            body.extend_pairs(value.split(',').filter(|one| !one.is_empty()).map(|one| (name, one)));
        } else {
            body.append_pair(name, value);
        }
    }
    body.finish()
}

/// Keeps only the values that a returned form shows: those of known fields, and never a password.
pub fn shown_again(mut values: Values) -> Values {
    values.retain(|name, _| Field::ALL.iter().any(|field| field.is_shown_again() && field.name() == name));
    values
}

/// Returns whether the form contains a value that is never stored, such as a password.
pub fn has_secrets(values: &Values) -> bool {
    let is_secret =
        |name: &str| Field::ALL.iter().any(|field| !field.is_shown_again() && field.name() == name);
    values.iter().any(|(name, value)| is_secret(name) && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_carried() {
        let typed = values(&Bytes::from_static(
            b"username=ada&password1=a&password2=b&password=c&form_page=/x&next=/y",
        ));
        assert!(has_secrets(&typed));
        assert_eq!(shown_again(typed), Values::from([("username".to_owned(), "ada".to_owned())]));
        assert!(!has_secrets(&values(&Bytes::from_static(b"username=ada&password1=&user=7"))));
    }

    #[test]
    fn checkboxes_with_one_name_are_all_carried_and_resubmitted() {
        let typed = values(&Bytes::from_static(b"permissions[]=a&email=x&permissions%5B%5D=b&email=y&z="));
        let expected = [("email", "y"), ("permissions[]", "a,b"), ("z", "")];
        assert_eq!(typed, expected.map(|(name, value)| (name.into(), value.into())).into());
        assert_eq!(encoded(&typed), "email=y&permissions%5B%5D=a&permissions%5B%5D=b&z=");
        assert_eq!(values(&Bytes::from(encoded(&typed))), typed);
    }
}
