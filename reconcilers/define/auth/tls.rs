//! The certificate that a connection is made with, where the provider asks for one.

use schemars::JsonSchema;
use serde::Deserialize;

use super::door::Door;
use crate::define::checked::Checked;
use crate::define::document::Problems;
use crate::define::template::Template;

/// The certificate that connections show.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFile {
    /// The certificate, in PEM.
    cert: Checked<Template>,
    /// Its key, in PEM.
    key: Checked<Template>,
}

/// A client certificate and its key, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls<T = Template> {
    /// The certificate, with what leads to its issuer.
    pub cert: T,
    /// Its key.
    pub key: T,
}

impl Tls<Template> {
    /// Reads the block.
    pub fn compile(file: TlsFile, problems: &mut Problems<'_>) -> Option<Self> {
        let mut door = Door(problems);
        let (cert, key) = (door.text(file.cert), door.text(file.key));
        Some(Self { cert: cert?, key: key? })
    }
}

impl<T> Tls<T> {
    /// The same with both texts put through `f`.
    pub fn try_map<'a, U, E>(&'a self, mut f: impl FnMut(&'a T) -> Result<U, E>) -> Result<Tls<U>, E> {
        Ok(Tls { cert: f(&self.cert)?, key: f(&self.key)? })
    }
}
