//! `tieout status`: how far each domain is verified and what is open.

use tieout_reconcilers::instant::Instant;

use super::failure::Failure;
use super::output::Output;
use crate::report::{StatusLine, exit, json, text};

/// Writes the status of the domains as of `now`.
pub fn show(domains: &[StatusLine], now: Instant, output: &Output) -> Result<u8, Failure> {
    output.show(
        |look| text::status(domains, now, look),
        || json::status(domains, now),
        || json::lines("domain_status", domains),
    )?;
    Ok(exit::DONE)
}
