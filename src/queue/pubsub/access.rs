//! Where the service is, and as whom it is asked.

use google_cloud_auth::build_errors::Error;
use google_cloud_auth::credentials::{Builder, Credentials, anonymous, service_account};
use secrecy::ExposeSecret as _;

use crate::queue::{PubsubLogin, PubsubSettings};

/// What a client is made of.
pub(super) struct Access {
    /// Where the service is, unless it is where it always is.
    pub(super) endpoint: Option<String>,
    /// As whom it is asked.
    pub(super) credentials: Credentials,
}

/// Finds the credentials. No token is fetched yet. What the files of credentials hold is not repeated.
pub(super) fn access(settings: &PubsubSettings) -> Result<Access, &'static str> {
    let credentials = match &settings.login {
        PubsubLogin::Anonymous => anonymous::Builder::new().build(),
        PubsubLogin::Environment => Builder::default().build().map_err(|error| default_fault(&error))?,
        PubsubLogin::ServiceAccount(key) => {
            let unusable = "`credentials` is not a usable key of a service account";
            let key = serde_json::from_str(key.expose_secret()).map_err(|_| unusable)?;
            service_account::Builder::new(key).build().map_err(|_| unusable)?
        }
    };
    Ok(Access { endpoint: settings.endpoint.clone(), credentials })
}

fn default_fault(error: &Error) -> &'static str {
    if error.is_loading() {
        "the file of the application default credentials cannot be read; see GOOGLE_APPLICATION_CREDENTIALS"
    } else {
        "the application default credentials cannot be used; see GOOGLE_APPLICATION_CREDENTIALS, or `gcloud auth application-default login`"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::Mode;

    fn refused(login: PubsubLogin) -> Option<&'static str> {
        let topic = "projects/shop/topics/billing".to_owned();
        access(&PubsubSettings { topic, mode: Mode::Structured, ordering: true, login, endpoint: None }).err()
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_used_is_refused_without_repeating_it() {
        for bad in ["hunter2", "{}", r#"{"type":"service_account","client_email":"hunter2"}"#] {
            let why = refused(PubsubLogin::ServiceAccount(bad.to_owned().into()));
            assert_eq!(why, Some("`credentials` is not a usable key of a service account"), "{bad}");
        }
        assert_eq!(refused(PubsubLogin::Anonymous), None);
    }
}
