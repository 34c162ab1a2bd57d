//! Mail through SES: the one call of this crate that is not a read. It has a client of its own, which can make no other
//! call, and no session can make this one; the policy of an audit does not permit it.

use std::fmt;

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::operation::send_email::{SendEmailError, SendEmailOutput};
use aws_sdk_sesv2::types::{Destination, EmailContent, RawMessage};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::Blob;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::account::{Options, base_config};
use crate::classify::classify;
use crate::guard::AllowList;

/// Why SES did not take a message, in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// It may take it later.
    Later(String),
    /// It will not, as things are, for this address.
    Refused(String),
    /// It takes nothing from this account as things are, or cannot be spoken to.
    Down(String),
}

/// Sends messages by SES.
pub struct Mailer {
    client: Client,
    configuration_set: Option<String>,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("configuration_set", &self.configuration_set).finish_non_exhaustive()
    }
}

impl Mailer {
    /// A mailer in the first region of `options`. Nothing is sent yet.
    pub async fn open(options: &Options, configuration_set: Option<String>) -> Self {
        let sdk = base_config(options).await;
        let config = aws_sdk_sesv2::config::Builder::from(&sdk).interceptor(AllowList::of_mail()).build();
        Self { client: Client::from_conf(config), configuration_set }
    }

    /// Hands a whole message of RFC 5322 over for one address; the id that SES gives it.
    ///
    /// # Errors
    /// SES did not take it.
    pub async fn send(&self, from: &str, to: &str, message: &str) -> Result<String, NotSent> {
        let unfit =
            |error: aws_smithy_types::error::operation::BuildError| NotSent::Refused(error.to_string());
        let raw = RawMessage::builder().data(Blob::new(message.as_bytes())).build().map_err(unfit)?;
        let answer = self
            .client
            .send_email()
            .from_email_address(from)
            // In the place of the header, which names everybody that shares the message.
            .destination(Destination::builder().to_addresses(to).build())
            .content(EmailContent::builder().raw(raw).build())
            .set_configuration_set_name(self.configuration_set.clone())
            .send()
            .await;
        judged(answer)
    }
}

/// What the errors of `SendEmail` mean (SES API v2: SendEmail, errors).
fn judged(
    answer: Result<SendEmailOutput, SdkError<SendEmailError, HttpResponse>>,
) -> Result<String, NotSent> {
    let error = match answer {
        Ok(sent) => return Ok(sent.message_id.unwrap_or_default()),
        Err(error) => error,
    };
    let failure = classify(&error, false);
    // What SES says of a message it refuses is about addresses and names them; nothing of it is secret.
    let said = error.as_service_error().and_then(ProvideErrorMetadata::message).unwrap_or(&failure.message);
    let text = format!("{}: {said}", failure.code);
    Err(match error.as_service_error() {
        Some(SendEmailError::TooManyRequestsException(_)) => NotSent::Later(text),
        Some(SendEmailError::MessageRejected(_) | SendEmailError::BadRequestException(_)) => {
            NotSent::Refused(text)
        }
        _ => NotSent::Down(text),
    })
}

#[cfg(test)]
mod tests {
    use aws_sdk_sesv2::types::error::{
        BadRequestException, MessageRejected, SendingPausedException, TooManyRequestsException,
    };

    use aws_smithy_types::error::ErrorMetadata;

    use super::*;

    #[test]
    fn a_mailer_can_do_nothing_but_send_and_no_session_can_send() {
        let mail = AllowList::of_mail();
        assert!(mail.allows("SendEmail"));
        let calls = crate::policy::all_calls();
        assert!(!calls.is_empty());
        assert!(calls.iter().all(|call| !mail.allows(call.operation)));
        assert!(!AllowList::new(calls.iter().copied()).allows("SendEmail"));
    }

    #[tokio::test]
    async fn another_call_of_the_mailer_is_stopped_before_it_leaves() {
        let options = Options { endpoint_url: Some("http://127.0.0.1:9".to_owned()), ..Options::default() };
        let mailer = Mailer::open(&options, None).await;
        let error = mailer.client.list_email_identities().send().await.unwrap_err();
        assert!(format!("{error:?}").contains("not on the allow list"), "{error:?}");
    }

    #[test]
    fn errors_of_one_message_hold_back_no_other() {
        let of = |error: SendEmailError| {
            let http = HttpResponse::new(400_u16.try_into().unwrap(), "".into());
            judged(Err(SdkError::service_error(error, http))).unwrap_err()
        };
        let told = ErrorMetadata::builder().code("MessageRejected").message("Email address is not verified.");
        let rejected = MessageRejected::builder().meta(told.build()).build();
        let NotSent::Refused(said) = of(SendEmailError::MessageRejected(rejected)) else {
            panic!("not refused")
        };
        assert_eq!(said, "MessageRejected: Email address is not verified.");
        let bad = BadRequestException::builder().message("x").build();
        assert!(matches!(of(SendEmailError::BadRequestException(bad)), NotSent::Refused(_)));
        let many = TooManyRequestsException::builder().message("x").build();
        assert!(matches!(of(SendEmailError::TooManyRequestsException(many)), NotSent::Later(_)));
        let paused = SendingPausedException::builder().message("x").build();
        assert!(matches!(of(SendEmailError::SendingPausedException(paused)), NotSent::Down(_)));
    }
}
