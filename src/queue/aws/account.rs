//! Who one is at AWS, and how its clients behave here: they try once, because the relay tries again, and they give up in time.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_sqs::config::Credentials;
use secrecy::ExposeSecret as _;

use crate::queue::AwsAccount;

/// How long a connection may take.
const CONNECT_TIME: Duration = Duration::from_secs(5);
/// How long an answer may take, from the first byte that is sent.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// How long a whole call may take, with finding credentials, which may be another call.
const CALL_TIME: Duration = Duration::from_secs(15);

/// What the clients of all three services are made of. Credentials are looked for with the first call, by the SDK's own chain unless the
/// settings hold keys. The endpoint is the service's alone: a call for credentials goes where it always goes.
pub(super) async fn config(account: &AwsAccount) -> SdkConfig {
    let times = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIME)
        .operation_attempt_timeout(ANSWER_TIME)
        .operation_timeout(CALL_TIME)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(account.region.clone()))
        .retry_config(RetryConfig::disabled())
        .timeout_config(times);
    if let Ok(name) = AppName::new("tieout") {
        loader = loader.app_name(name);
    }
    if let Some(keys) = &account.keys {
        let (id, secret) = (keys.id.expose_secret(), keys.secret.expose_secret());
        loader = loader.credentials_provider(Credentials::new(id, secret, None, None, "tieout.yaml"));
    }
    let config = loader.load().await;
    match &account.endpoint {
        Some(endpoint) => config.into_builder().endpoint_url(endpoint.as_str()).build(),
        None => config,
    }
}
