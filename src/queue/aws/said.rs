//! What the answers of AWS mean, by their codes. Of an answer nothing but its code is repeated: a message may hold what was sent, and that
//! of a wrong signature holds the whole request.
//!
//! Codes are those of the API references of SQS, SNS and EventBridge, and the common errors of AWS
//! (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html>).

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};

use crate::queue::Outcome;

/// What a failed call, or a failed entry of one, says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) kind: Kind,
    /// What was answered, or seen where nobody answered.
    pub(super) what: String,
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// There were too many calls.
    Busy,
    /// The service fails, or nobody answers.
    Broken,
    /// Nobody says who we are.
    Nameless,
    /// We are not who we say we are, or not any more.
    Login,
    /// We may not do that.
    Denied,
    /// What is kept there is encrypted with a key that cannot be used.
    Key,
    /// There is no such queue, topic or bus.
    Missing,
    /// What was sent is too large.
    TooLarge,
    /// What was sent is not taken.
    Bad,
    /// A code that is not known here.
    Unknown,
}

impl Said {
    /// What a failed call says.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(answer) => {
                Self::with_status(answer.err().code(), answer.raw().status().as_u16())
            }
            SdkError::ResponseError(answer) => Self::with_status(None, answer.raw().status().as_u16()),
            SdkError::TimeoutError(_) => Self::broken("it did not answer in time"),
            SdkError::ConstructionFailure(_) | SdkError::DispatchFailure(_) => Self::of_nobody(error),
            _ => Self::broken("the call failed"),
        }
    }

    /// What a failed entry says. SQS and SNS say of each whether it is its own fault.
    pub(super) fn of_entry(code: &str, is_its_own: bool) -> Self {
        let said = Self::with_code(code);
        let kind = if said.kind == Kind::Unknown && is_its_own { Kind::Bad } else { said.kind };
        Self { kind, ..said }
    }

    /// What it means that a call says nothing of one of its entries.
    pub(super) fn nothing() -> Self {
        Self { kind: Kind::Unknown, what: "it does not say what became of it".to_owned() }
    }

    fn with_code(code: &str) -> Self {
        Self { kind: Kind::of(code), what: format!("it answers {}", shown(code)) }
    }

    /// A code that is not known is the service's fault by its status, or somebody has to look.
    fn with_status(code: Option<&str>, status: u16) -> Self {
        let said = match code {
            Some(code) => Self::with_code(code),
            None => Self { kind: Kind::Unknown, what: format!("it answers with status {status}") },
        };
        let kind = match (said.kind, status) {
            (Kind::Unknown, 429) => Kind::Busy,
            // What is no error of AWS comes from something in between.
            (Kind::Unknown, 500.. | ..400) => Kind::Broken,
            (kind, _) => kind,
        };
        Self { kind, ..said }
    }

    /// What it means that nobody was asked, or that nobody answered.
    fn of_nobody(error: &(dyn Error + 'static)) -> Self {
        match causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
            Some(CredentialsError::CredentialsNotLoaded(_)) => {
                Self { kind: Kind::Nameless, what: "there are no credentials".to_owned() }
            }
            Some(CredentialsError::InvalidConfiguration(_)) => Self {
                kind: Kind::Nameless,
                what: "the profile or role that the environment names cannot be used".to_owned(),
            },
            Some(_) => Self::broken("whoever gives credentials does not answer, or refuses"),
            None => Self::broken(causes(error).last().map_or_else(|| error.to_string(), ToString::to_string)),
        }
    }

    fn broken(what: impl Into<String>) -> Self {
        Self { kind: Kind::Broken, what: what.into() }
    }

    /// Whether it is said of something that was sent, and of no more than that.
    pub(super) const fn is_about_messages(&self) -> bool {
        matches!(self.kind, Kind::TooLarge | Kind::Bad)
    }

    /// Whether there were too many calls.
    pub(super) fn is_busy(&self) -> bool {
        self.kind == Kind::Busy
    }

    /// What becomes of an event of which this is said; nothing where it is said against the queue.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        let said = self.what.clone();
        match self.kind {
            Kind::Busy | Kind::Broken => Some(Outcome::NotNow(said)),
            Kind::TooLarge => Some(Outcome::Dead { class: "too_large", reason: said }),
            Kind::Bad => Some(Outcome::Dead { class: "rejected", reason: said }),
            Kind::Unknown => Some(Outcome::Retry(said)),
            Kind::Nameless | Kind::Login | Kind::Denied | Kind::Key | Kind::Missing => None,
        }
    }
}

impl Kind {
    /// The kind of a code, whichever of its spellings it has: `KmsDisabled`, `KMSDisabledException`, `KMS.DisabledException`.
    fn of(code: &str) -> Self {
        let code = code.rsplit('#').next().unwrap_or_default();
        let code = code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code);
        let code = code.strip_suffix("Exception").unwrap_or(code).replace('.', "");
        match code.to_ascii_lowercase().as_str() {
            "throttling"
            | "throttled"
            | "requestthrottled"
            | "requestlimitexceeded"
            | "toomanyrequests"
            | "overlimit"
            | "limitexceeded"
            | "slowdown"
            | "kmsthrottled"
            | "kmsthrottling" => Self::Busy,
            "internalfailure"
            | "internalerror"
            | "internal"
            | "internalservererror"
            | "internalserviceerror"
            | "serviceunavailable"
            | "unavailable"
            | "requesttimeout" => Self::Broken,
            "missingauthenticationtoken" => Self::Nameless,
            "invalidclienttokenid"
            | "unrecognizedclient"
            | "invalidaccesskeyid"
            | "expiredtoken"
            | "signaturedoesnotmatch"
            | "incompletesignature"
            | "invalidsignature"
            | "requestexpired"
            | "requesttimetooskewed"
            | "invalidsecurity" => Self::Login,
            "accessdenied"
            | "authorizationerror"
            | "notauthorized"
            | "unauthorizedoperation"
            | "optinrequired"
            | "invalidaccountid" => Self::Denied,
            "kmsdisabled" | "kmsnotfound" | "kmsinvalidstate" | "kmsaccessdenied" | "kmsoptinrequired"
            | "kmsinvalidkeyusage" => Self::Key,
            "queuedoesnotexist" | "nonexistentqueue" | "notfound" | "resourcenotfound" | "invalidaddress" => {
                Self::Missing
            }
            "batchrequesttoolong" | "messagetoolong" | "requestentitytoolarge" => Self::TooLarge,
            "invalidmessagecontents"
            | "invalidparametervalue"
            | "parametervalueinvalid"
            | "invalidparameter"
            | "invalidattributevalue"
            | "missingparameter"
            | "validation"
            | "validationerror"
            | "malformeddetail"
            | "invalidargument"
            | "redactionfailure"
            | "notauthorizedforsource"
            | "notauthorizedfordetailtype" => Self::Bad,
            _ => Self::Unknown,
        }
    }
}

/// What is behind an error, the nearest first.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |&cause| cause.source())
}

/// A code as it may stand in a log: nothing but letters, digits and what joins them, and no novel.
fn shown(code: &str) -> String {
    let is_code = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '#');
    let code = code.rsplit('#').next().unwrap_or_default();
    if code.len() <= 80 && code.chars().all(is_code) {
        code.to_owned()
    } else {
        "something that is no code".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn every_code_has_its_meaning() {
        let codes = [
            "ThrottlingException",
            "ThrottledException",
            "Throttled",
            "RequestThrottled",
            "OverLimit",
            "AWS.SimpleQueueService.OverLimit",
            "KmsThrottled",
            "KMS.ThrottlingException",
            "InternalFailure",
            "InternalError",
            "InternalException",
            "ServiceUnavailable",
            "MissingAuthenticationToken",
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "ExpiredToken",
            "ExpiredTokenException",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "KMS.DisabledException",
            "KMSDisabled",
            "KmsDisabled",
            "KMS.AccessDeniedException",
            "KMSNotFoundException",
            "KMS.NotFoundException",
            "KmsInvalidState",
            "AWS.SimpleQueueService.NonExistentQueue",
            "QueueDoesNotExist",
            "com.amazonaws.sqs#QueueDoesNotExist",
            "NotFound",
            "ResourceNotFoundException",
            "AWS.SimpleQueueService.BatchRequestTooLong",
            "BatchRequestTooLong",
            "InvalidMessageContents",
            "InvalidParameterValue",
            "InvalidParameter",
            "MalformedDetail",
            "NotAuthorizedForSourceException",
            "ValidationException",
            "SomethingNew",
        ];
        let said = codes.iter().fold(String::new(), |mut said, code| {
            let _ = writeln!(said, "{code}: {:?}", Kind::of(code));
            said
        });
        insta::assert_snapshot!(said);
    }

    #[test]
    fn an_entry_of_which_nothing_is_known_is_bad_where_it_is_its_own_fault_and_else_tried_again() {
        assert_eq!(Said::of_entry("SomethingNew", true).kind, Kind::Bad);
        let said = Said::of_entry("SomethingNew", false);
        assert_eq!(said.outcome(), Some(Outcome::Retry("it answers SomethingNew".to_owned())));
        assert_eq!(Said::of_entry("InternalFailure", true).kind, Kind::Broken);
    }

    #[test]
    fn a_call_that_fails_without_a_known_code_is_judged_by_its_status() {
        let kind = |code, status| Said::with_status(code, status).kind;
        assert_eq!(kind(None, 503), Kind::Broken);
        assert_eq!(kind(None, 200), Kind::Broken);
        assert_eq!(kind(Some("SomethingNew"), 429), Kind::Busy);
        assert_eq!(kind(Some("SomethingNew"), 400), Kind::Unknown);
        assert_eq!(kind(Some("AccessDenied"), 500), Kind::Denied);
        assert_eq!(Said::with_status(None, 502).what, "it answers with status 502");
    }

    #[test]
    fn what_is_no_code_is_not_repeated() {
        assert_eq!(shown("a person's <name>"), "something that is no code");
        assert_eq!(shown(&"a".repeat(81)), "something that is no code");
        assert_eq!(shown("com.amazonaws.sqs#QueueDoesNotExist"), "QueueDoesNotExist");
    }
}
