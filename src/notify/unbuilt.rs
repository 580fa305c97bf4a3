//! Stands for e-mail in a program that was built without it. No configuration gets here: it is refused where it is read.

use super::channel::EmailSettings;
use super::digest::Digest;
use super::sent::{NotSent, Sent};

/// Sends nothing.
#[expect(clippy::unused_async, reason = "it stands for what waits")]
pub(super) async fn send(_settings: &EmailSettings, _digest: &Digest) -> Result<Sent, NotSent> {
    Err(NotSent::Refused("this tieout was built without e-mail".to_owned()))
}
