//! An address of e-mail.

use tieout_reconcilers::define::checked::{Fault, FromText};

/// An address of e-mail, with a name before it or without.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress(pub String);

impl FromText for MailAddress {
    const WHAT: &'static str = "mail address";
    const EXAMPLES: &'static [&'static str] = &["ops@example.com"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if is_address(text) {
            return Ok(Self(text.to_owned()));
        }
        Err(Fault::new("this is not an address of e-mail")
            .with_help("write it as `ops@example.com` or `\"Operators <ops@example.com>\"`"))
    }
}

#[cfg(feature = "smtp")]
fn is_address(text: &str) -> bool {
    text.parse::<lettre::message::Mailbox>().is_ok()
}

/// Without e-mail every channel of it is refused anyway.
#[cfg(not(feature = "smtp"))]
fn is_address(text: &str) -> bool {
    text.contains('@')
}
