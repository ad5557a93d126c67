//! What went wrong, in one line.
//!
//! Never by `Debug`, nor by the SDK's own `DisplayErrorContext`: both print answers, and answers hold variables.

use std::error::Error;

use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};

use crate::advisory::chain;

/// `lambda:ListFunctions: AccessDeniedException: User ... is not authorized`.
pub(super) fn describe<E>(action: &str, error: &SdkError<E, HttpResponse>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    let unreadable = |status: u16| format!("an answer that cannot be read (HTTP {status})");
    let said = match error {
        SdkError::ServiceError(refusal) => match (refusal.err().code(), refusal.err().message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            (Some(code), None) => code.to_owned(),
            (None, _) if refusal.raw().status().is_success() => unreadable(refusal.raw().status().as_u16()),
            (None, _) => format!("HTTP {}", refusal.raw().status().as_u16()),
        },
        SdkError::ResponseError(unread) => unreadable(unread.raw().status().as_u16()),
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => {
            failure.as_connector_error().map_or_else(String::new, |error| chain(error))
        }
        other => other.source().map_or_else(|| "the request cannot be made".to_owned(), chain),
    };
    format!("{action}: {said}")
}
