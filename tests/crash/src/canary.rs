//! Secrets that must not be seen anywhere but where they belong.

/// How every one of them begins.
pub(crate) const CANARY: &str = "SECRETcanary";
/// The refresh token that is configured.
pub(crate) const FIRST_TOKEN: &str = "SECRETcanary-refresh";
/// What it is exchanged for.
pub(crate) const ACCESS: &str = "SECRETcanary-access";
/// The password of the database.
pub(crate) const PASSWORD: &str = "SECRETcanary-password";
/// The key of the state store.
pub(crate) const STATE_KEY: &str = "SECRETcanary-key-of-at-least-thirty-two-characters";
