//! What an SDK error means: a cause, a code, and a sentence that never holds a response body.

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use stateward_model::Cause;

/// A failed attempt, classified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// The service's error code, or a word for what happened before there was an answer.
    pub code: String,
    /// For people.
    pub message: String,
    /// True when another attempt may fare better.
    pub retry: bool,
}

const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorized",
    "Forbidden",
    "UnauthorizedException",
    "AllAccessDisabled",
    "KMSAccessDeniedException",
    "InsufficientPrivilegesException",
];
const EXPIRED: &[&str] = &[
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestExpired",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "InvalidToken",
    "TokenRefreshRequired",
    "AuthFailure",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
];
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "Throttled",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "TooManyRequests",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    "LimitExceededException",
];
const DISABLED: &[&str] = &[
    "OptInRequired",
    "OptInRequiredException",
    "SubscriptionRequiredException",
    "RegionDisabledException",
    "InvalidRegion",
    "NotSignedUp",
];
/// Codes of [`Cause::Disabled`] that are about one service and not about the region.
pub(crate) const OF_A_SERVICE: &[&str] =
    &["OptInRequired", "OptInRequiredException", "SubscriptionRequiredException", "NotSignedUp"];
const UNSUPPORTED: &[&str] = &[
    "UnknownOperationException",
    "UnknownOperation",
    "InvalidAction",
    "NotImplemented",
    "NotImplementedError",
    "UnsupportedOperation",
    "UnsupportedOperationException",
    "InvalidRequestException.NotImplemented",
];

/// Codes that a region which is not enabled gives to credentials that are good elsewhere.
const NOT_ENABLED: &[&str] = &["AuthFailure", "UnrecognizedClientException", "InvalidClientTokenId"];

/// Classifies `error`. `proven_elsewhere` says that the same credentials worked in another region, which turns their
/// refusal here into "the region is not enabled".
pub fn classify<E>(error: &SdkError<E, HttpResponse>, proven_elsewhere: bool) -> Failure
where
    E: ProvideErrorMetadata,
{
    match error {
        SdkError::TimeoutError(_) => {
            failure(Cause::Timeout, "TimedOut", "no answer within the deadline of the call", true)
        }
        SdkError::DispatchFailure(dispatch) => {
            if dispatch.is_timeout() {
                return failure(
                    Cause::Timeout,
                    "TimedOut",
                    "no connection within the deadline of the call",
                    true,
                );
            }
            if dispatch.as_connector_error().is_some_and(|error| about_credentials(error)) {
                return failure(Cause::Expired, "NoCredentials", NO_CREDENTIALS, false);
            }
            if dispatch.is_io() || dispatch.is_other() {
                let why = dispatch.as_connector_error().map_or_else(String::new, |error| root_of(error));
                let message = format!("the endpoint could not be reached: {why}");
                return failure(Cause::Unreachable, "Unreachable", &message, true);
            }
            failure(Cause::Unsupported, "NotSent", "the request could not be sent as it was built", false)
        }
        SdkError::ConstructionFailure(_) => failure(
            Cause::Unsupported,
            "NotBuilt",
            "the request could not be built, or is not allowed",
            false,
        ),
        SdkError::ResponseError(_) => failure(
            Cause::Malformed,
            "MalformedResponse",
            "the answer broke off or could not be understood",
            true,
        ),
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let page =
                service.raw().headers().get("content-type").is_some_and(|of| of.starts_with("text/html"));
            if page && status == 500 && service.err().code().is_none() {
                return failure(Cause::Unsupported, "NotImplemented", NO_ANSWER_OF_AWS, true);
            }
            by_code(service.err().code(), service.err().message(), status, proven_elsewhere)
        }
        _ => failure(Cause::Malformed, "Unknown", "the SDK gave an error of a kind not known here", false),
    }
}

/// No service of AWS answers with a page; emulators do where they lack an operation.
const NO_ANSWER_OF_AWS: &str =
    "the endpoint answered with a page in the place of an error; it may not know this operation";

const NO_CREDENTIALS: &str = "no usable credentials; set them up as for the AWS command line (environment, profile, \
     SSO login, container or instance role)";

fn about_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<CredentialsError>())
}

/// The innermost reason of a connector's error: an operating-system error, never a response.
fn root_of(error: &(dyn std::error::Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    root.to_string()
}

fn failure(cause: Cause, code: &str, message: &str, retry: bool) -> Failure {
    Failure { cause, code: code.to_owned(), message: message.to_owned(), retry }
}

fn by_code(code: Option<&str>, message: Option<&str>, status: u16, proven_elsewhere: bool) -> Failure {
    let Some(code) = code.filter(|code| !code.is_empty()) else { return by_status(status) };
    // JSON protocols may send a namespace before and a URI after the code.
    let short = code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code);
    let is = |list: &[&str]| list.contains(&short);
    let (cause, retry) = if is(DENIED) {
        (Cause::Denied, false)
    } else if proven_elsewhere && is(NOT_ENABLED) {
        (Cause::Disabled, false)
    } else if is(EXPIRED) {
        (Cause::Expired, false)
    } else if is(THROTTLED) || status == 429 {
        (Cause::Throttled, true)
    } else if is(DISABLED) {
        (Cause::Disabled, false)
    } else if is(UNSUPPORTED) || status == 501 {
        (Cause::Unsupported, false)
    } else if status >= 500 {
        (Cause::Unreachable, true)
    } else if status == 403 {
        (Cause::Denied, false)
    } else {
        (Cause::Malformed, false)
    };
    Failure { cause, code: short.to_owned(), message: short_message(message), retry }
}

/// Answers without a code are not from the service itself: a proxy, a load balancer, an emulator without the operation.
fn by_status(status: u16) -> Failure {
    match status {
        401 | 403 => failure(Cause::Denied, "Forbidden", "refused without a reason", false),
        429 => failure(Cause::Throttled, "TooManyRequests", "too many requests", true),
        404 | 405 | 501 => {
            failure(Cause::Unsupported, "NotImplemented", "the endpoint does not know this operation", false)
        }
        502..=504 => failure(Cause::Unreachable, "Unavailable", "the endpoint is not available", true),
        500.. => failure(Cause::Unreachable, "InternalError", "the endpoint failed without a reason", true),
        _ => failure(Cause::Malformed, "Unknown", "an answer without an error code", false),
    }
}

/// Service messages name principals and resources but never bodies; they are kept short all the same.
fn short_message(message: Option<&str>) -> String {
    let text: String = message.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(240) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cause(code: &str, status: u16) -> Cause {
        by_code(Some(code), None, status, false).cause
    }

    #[test]
    fn codes_are_classified_after_the_services_documentation() {
        assert_eq!(cause("AccessDenied", 403), Cause::Denied);
        assert_eq!(cause("UnauthorizedOperation", 403), Cause::Denied);
        assert_eq!(cause("RequestLimitExceeded", 503), Cause::Throttled);
        assert_eq!(cause("com.amazonaws.dynamodb.v20120810#ThrottlingException", 400), Cause::Throttled);
        assert_eq!(cause("ExpiredTokenException", 400), Cause::Expired);
        assert_eq!(cause("InternalError", 500), Cause::Unreachable);
        assert_eq!(cause("OptInRequired", 403), Cause::Disabled);
    }

    #[test]
    fn refusal_where_others_accept_means_that_the_region_is_off() {
        assert_eq!(by_code(Some("AuthFailure"), None, 401, true).cause, Cause::Disabled);
        assert_eq!(by_code(Some("AuthFailure"), None, 401, false).cause, Cause::Expired);
        assert_eq!(by_code(Some("ExpiredToken"), None, 400, true).cause, Cause::Expired);
    }

    #[test]
    fn answers_without_a_code_are_never_taken_for_empty() {
        assert_eq!(by_status(404).cause, Cause::Unsupported);
        assert_eq!(by_status(500).cause, Cause::Unreachable);
        assert_eq!(by_status(403).cause, Cause::Denied);
    }
}
