//! The `caps` of a provider in `tieout.yaml`: how much of what it sends is too much, and how patient a run is.
//!
//! What is not written keeps its default. Nothing here can be switched off: a cap of nothing is refused.

use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;
use tieout_reconcilers::define::checked::{Checked, Fault};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::problem::Spot;
use tieout_reconcilers::define::value::Length;

use crate::source::{Caps, Throughput};

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CapsFile {
    page_bytes: Option<Spanned<u64>>,
    header_bytes: Option<Spanned<u64>>,
    pages: Option<Spanned<u64>>,
    empty_pages: Option<Spanned<u64>>,
    attempts: Option<Spanned<u64>>,
    connect_time: Option<Checked<Length>>,
    request_time: Option<Checked<Length>>,
    retry_base: Option<Checked<Length>>,
    retry_cap: Option<Checked<Length>>,
    outage: Option<Checked<Length>>,
    throughput: Option<ThroughputFile>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct ThroughputFile {
    bytes_per_second: Spanned<u64>,
    over: Checked<Length>,
}

impl CapsFile {
    /// The defaults with what is written in their place.
    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Caps {
        let mut caps = Caps::default();
        number(&mut caps.page_bytes, self.page_bytes, problems);
        number(&mut caps.header_bytes, self.header_bytes, problems);
        number(&mut caps.pages, self.pages, problems);
        number(&mut caps.empty_pages, self.empty_pages, problems);
        number(&mut caps.attempts, self.attempts, problems);
        length(&mut caps.connect_time, self.connect_time, problems);
        length(&mut caps.request_time, self.request_time, problems);
        length(&mut caps.retry_base, self.retry_base, problems);
        length(&mut caps.retry_cap, self.retry_cap, problems);
        // None at all is a sensible outage: then a request has its attempts and no more.
        if let Some(Length(outage)) = problems.take_option(self.outage) {
            caps.outage = outage;
        }
        if let Some(file) = self.throughput {
            let Throughput { bytes_per_second, over } = &mut caps.throughput;
            number(bytes_per_second, Some(file.bytes_per_second), problems);
            length(over, Some(file.over), problems);
        }
        caps
    }
}

fn number<N: TryFrom<u64>>(cap: &mut N, written: Option<Spanned<u64>>, problems: &mut Problems<'_>) {
    let Some(written) = written else { return };
    match N::try_from(written.value) {
        Ok(number) if written.value > 0 => *cap = number,
        _ => problems.add(Spot::from(written.referenced), nothing()),
    }
}

fn length(cap: &mut Duration, written: Option<Checked<Length>>, problems: &mut Problems<'_>) {
    let Some(written) = written else { return };
    let spot = written.spot;
    match problems.take(written) {
        Some(Length(length)) if length.is_zero() => problems.add(spot, nothing()),
        Some(Length(length)) => *cap = length,
        None => {}
    }
}

fn nothing() -> Fault {
    Fault::new("a cap of nothing lets nothing through, and one this large is none")
        .with_help("leave it out for the default")
}
