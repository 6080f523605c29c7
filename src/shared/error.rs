//! The errors that a visitor may see.
//!
//! There are two kinds of error. This one crosses the wire: a closed enum without free text, each
//! variant with its HTTP status and its sentence. The other kind, `base::failure::Failure`, has a
//! source chain and goes to the log, once, where it is handled.

use serde::{Deserialize, Serialize};
use server_fn::{
    Bytes, Decodes,
    error::{FromServerFnError, ServerFnErrorErr},
};

use super::{
    forms::{Field, FormErrors, Problem, Submission},
    json::JsonEncoding,
    number::counted,
};

/// The only error that server functions return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// A form was refused; each error is shown at its field.
    #[error("Please correct the marked fields.")]
    Invalid(FormErrors),
    /// The request could not be read: fields missing, repeated, or not UTF-8.
    #[error("That request could not be read. Please go back, reload the page and try again.")]
    BadRequest,
    /// The visitor is not signed in.
    #[error("Please log in to see this page.")]
    SignedOut,
    /// The caller may not do this.
    #[error("You do not have permission to do that.")]
    Forbidden,
    /// The site is not open to the caller's network.
    #[error("This site cannot be used from your network.")]
    NetworkRefused,
    /// A member of staff impersonates the caller and must not do this.
    #[error("This is not available while you act as a member. Stop acting first.")]
    ClosedWhileActing,
    /// The page was rendered during an impersonation that has ended.
    #[error("You are no longer acting as this member. Nothing was changed. Please reload the page.")]
    ActingOver,
    /// The caller must have a second factor, or have used theirs, for this request.
    #[error("This needs two-step login. Set it up, or log in with your code, and try again.")]
    SecondFactorRequired,
    /// The last re-authentication is too old for this request.
    #[error("Please confirm your password.")]
    ReauthenticationRequired,
    /// Too many tries.
    #[error("Too many attempts. Please try again in {}.", describe(*retry_after))]
    Throttled {
        /// Seconds until the next try is allowed.
        retry_after: u32,
    },
    /// Nothing exists at this address.
    #[error("We can’t find that page.")]
    NotFound,
    /// The page in the browser is of another version of the site than the program that was asked.
    #[error("This page is of another version of the site. Please reload it and try again.")]
    Outdated,
    /// The request body is over the limit.
    #[error("That is more than this site accepts in one request. Please send less.")]
    TooLarge,
    /// Too much work at once; nothing was done.
    #[error("The site is very busy. Nothing was changed. Please try again in {retry_after} s.")]
    Busy {
        /// Seconds until a retry is worthwhile.
        retry_after: u32,
    },
    /// The database cannot be used; nothing was done.
    #[error("The site cannot reach its database. Nothing was changed. Please try again in a moment.")]
    Unavailable,
    /// The connection to the database was lost during the commit; the outcome is unknown.
    #[error(
        "The site lost its database during this request. It may still have worked, so check before you try again."
    )]
    MaybeDone,
    /// The request took longer than allowed.
    #[error("This took too long. It may still have worked, so check before you try again.")]
    TimedOut,
    /// The browser could not reach the site.
    #[error("The site could not be reached. Please check your connection and try again.")]
    Offline,
    /// An error of the site, with the request id that finds it in the log.
    #[error("{error} (If you report this, please quote {request_id}.)")]
    Reported {
        /// The error itself.
        error: Box<Self>,
        /// The request's id.
        request_id: String,
    },
    /// An error of the site. The log has the details.
    #[error("Something went wrong on our side and has been logged. Please try again.")]
    Internal,
}

impl AppError {
    /// Creates the error of a form with one problem.
    pub fn invalid(field: Field, problem: Problem) -> Self {
        Self::Invalid(FormErrors::one(field, problem))
    }

    /// Returns the error's HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Invalid(_) => 422,
            Self::BadRequest | Self::Offline => 400,
            Self::SignedOut => 401,
            Self::Forbidden
            | Self::NetworkRefused
            | Self::ClosedWhileActing
            | Self::ActingOver
            | Self::SecondFactorRequired
            | Self::ReauthenticationRequired => 403,
            Self::NotFound | Self::Outdated => 404,
            Self::TooLarge => 413,
            Self::Throttled { .. } => 429,
            Self::Busy { .. } | Self::Unavailable | Self::MaybeDone | Self::TimedOut => 503,
            Self::Internal => 500,
            Self::Reported { error, .. } => error.status(),
        }
    }

    /// Returns the seconds for `Retry-After` (RFC 9110, 10.2.3), if a retry is worthwhile.
    pub fn retry_after(&self) -> Option<u32> {
        match self {
            Self::Busy { retry_after } | Self::Throttled { retry_after } => Some(*retry_after),
            Self::Unavailable | Self::MaybeDone | Self::TimedOut => Some(5),
            Self::Reported { error, .. } => error.retry_after(),
            _ => None,
        }
    }

    /// Adds the request id to an error of the site, for the visitor to quote.
    #[must_use]
    pub fn reported(self, request_id: Option<&str>) -> Self {
        match request_id {
            Some(id) if self.status() >= 500 && !matches!(self, Self::Reported { .. }) => {
                Self::Reported { error: Box::new(self), request_id: id.to_owned() }
            }
            _ => self,
        }
    }
}

/// Describes a waiting time, rounded up.
fn describe(seconds: u32) -> String {
    match seconds {
        0..=90 => counted(seconds.max(1), "second"),
        91..=5400 => counted(seconds.div_ceil(60), "minute"),
        _ => counted(seconds.div_ceil(3600), "hour"),
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            // Deserialization: the server got a body that is not text. The browser reads errors
            // through `de`.
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_) => Self::BadRequest,
            _ => Self::Internal,
        }
    }

    /// The guard answers 401 with an empty body, and nothing else does.
    fn de(data: Bytes) -> Self {
        if data.is_empty() {
            return Self::SignedOut;
        }
        // An error that this version does not know, or no answer of the site's.
        let other = if data.starts_with(b"{") { Self::Outdated } else { Self::Internal };
        JsonEncoding::decode(data).unwrap_or(other)
    }
}

impl FormErrors {
    /// Returns `Ok` if there are no errors.
    pub fn into_result(self) -> Result<(), AppError> {
        if self.is_empty() { Ok(()) } else { Err(AppError::Invalid(self)) }
    }
}

impl Submission {
    /// Turns a service's result into the response to a form.
    pub fn from_result<T>(result: Result<T, AppError>) -> Result<Self, AppError> {
        match result {
            Ok(_) => Ok(Self::Accepted),
            Err(AppError::Invalid(errors)) => Ok(Self::Refused(errors)),
            Err(AppError::ReauthenticationRequired) => Ok(Self::Reauthenticate),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::forms::{Field, Problem};

    #[test]
    fn an_empty_answer_means_signed_out() {
        assert_eq!(AppError::de(Bytes::new()), AppError::SignedOut);
    }

    #[test]
    fn what_cannot_be_decoded_is_internal_or_of_another_version() {
        assert_eq!(AppError::de(Bytes::from_static(b"<html>")), AppError::Internal);
        let unknown = Bytes::from_static(br#"{"OfTheFuture":{"at":1}}"#);
        assert_eq!(AppError::de(unknown), AppError::Outdated);
    }

    #[test]
    fn waiting_times_are_described_in_words() {
        for (seconds, words) in [
            (0, "1 second"),
            (1, "1 second"),
            (90, "90 seconds"),
            (91, "2 minutes"),
            (300, "5 minutes"),
            (5401, "2 hours"),
        ] {
            let sentence = AppError::Throttled { retry_after: seconds }.to_string();
            assert_eq!(sentence, format!("Too many attempts. Please try again in {words}."));
        }
    }

    #[test]
    fn a_reported_failure_has_its_id_and_keeps_its_status() {
        let reported = AppError::Unavailable.reported(Some("7f3a")).reported(Some("other"));
        assert_eq!((reported.status(), reported.retry_after()), (503, Some(5)));
        let sentence = reported.to_string();
        assert!(sentence.ends_with("in a moment. (If you report this, please quote 7f3a.)"), "{sentence}");
        assert_eq!(AppError::de(reported.ser()), reported);
        assert_eq!(AppError::NotFound.reported(Some("7f3a")), AppError::NotFound);
        assert_eq!(AppError::Internal.reported(None), AppError::Internal);
    }

    #[test]
    fn bad_input_is_never_a_server_error() {
        for error in [
            ServerFnErrorErr::Args("x".into()),
            ServerFnErrorErr::Deserialization("x".into()),
            ServerFnErrorErr::MissingArg("x".into()),
            ServerFnErrorErr::UnsupportedRequestMethod("x".into()),
        ] {
            assert_eq!(AppError::from_server_fn_error(error).status(), 400);
        }
    }

    #[test]
    fn a_refusal_is_an_outcome_and_an_outage_an_error() {
        let errors = FormErrors::one(Field::Username, Problem::Required);
        assert_eq!(
            Submission::from_result::<()>(Err(AppError::Invalid(errors.clone()))),
            Ok(Submission::Refused(errors))
        );
        assert_eq!(Submission::from_result::<()>(Err(AppError::Unavailable)), Err(AppError::Unavailable));
    }
}
