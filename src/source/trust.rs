//! Whether a connection failed for the certificate of the other side. No waiting mends that: a person does.

use std::error::Error;
use std::io;
use std::iter::successors;

/// What a person can do about it.
pub(crate) const ADVICE: &str = "look whether the server's certificate is good for this host and not expired, and comes from an \
    authority that this machine trusts, or the file that `SSL_CERT_FILE` names";

/// What is wrong with a certificate, where that is what something failed for.
pub(crate) fn refusal(error: &(dyn Error + 'static)) -> Option<String> {
    successors(Some(error), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .find_map(of_connection)
}

/// Errors of the network wrap one another, and do not show that as their source.
fn of_connection(error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?;
    if let Some(wrapped) = inner.downcast_ref::<io::Error>() {
        return of_connection(wrapped);
    }
    let said = inner.downcast_ref::<rustls::Error>()?;
    matches!(said, rustls::Error::InvalidCertificate(_)).then(|| said.to_string())
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, CertificateError};

    use super::*;

    fn failed_for(error: rustls::Error) -> Option<String> {
        refusal(&io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_from_whatever_else_breaks_a_connection() {
        for wrong in [
            CertificateError::UnknownIssuer,
            CertificateError::Expired,
            CertificateError::NotValidYet,
            CertificateError::NotValidForName,
            CertificateError::Revoked,
        ] {
            let error = rustls::Error::InvalidCertificate(wrong);
            assert_eq!(failed_for(error.clone()), Some(error.to_string()));
        }
        let others = [
            rustls::Error::AlertReceived(AlertDescription::InternalError),
            rustls::Error::DecryptError,
            rustls::Error::HandshakeNotComplete,
        ];
        assert!(others.into_iter().all(|other| failed_for(other).is_none()));
        assert_eq!(refusal(&io::Error::from(io::ErrorKind::ConnectionReset)), None);
        assert_eq!(refusal(&io::Error::other("invalid peer certificate")), None);
    }
}
