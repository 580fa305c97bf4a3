//! The `caps` of a provider in `tieout.yaml`: how much of what it sends is too much, and how patient a run is.
//!
//! What is not written keeps its default. Nothing here can be switched off: a cap of nothing is refused.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use tieout_reconcilers::define::checked::{Checked, Fault, Placed};
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::define::value::Length;

use crate::source::{Caps, Throughput};

/// How much of what a provider sends is too much, and how patient a run is.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CapsFile {
    /// The largest page, unpacked, in bytes.
    #[schemars(extend("default" = Caps::default().page_bytes))]
    page_bytes: Option<Placed<u64>>,
    /// The largest head of an answer, in bytes.
    #[schemars(extend("default" = Caps::default().header_bytes))]
    header_bytes: Option<Placed<u64>>,
    /// The most pages of a walk.
    #[schemars(extend("default" = Caps::default().pages))]
    pages: Option<Placed<u64>>,
    /// The most empty pages one after the other.
    #[schemars(extend("default" = Caps::default().empty_pages))]
    empty_pages: Option<Placed<u64>>,
    /// How often a request is sent.
    #[schemars(extend("default" = Caps::default().attempts))]
    attempts: Option<Placed<u64>>,
    /// How long a connection may take.
    #[schemars(extend("default" = schema::length(Caps::default().connect_time)))]
    connect_time: Option<Checked<Length>>,
    /// How long a request may take.
    #[schemars(extend("default" = schema::length(Caps::default().request_time)))]
    request_time: Option<Checked<Length>>,
    /// The pause before the second attempt, which grows from there.
    #[schemars(extend("default" = schema::length(Caps::default().retry_base)))]
    retry_base: Option<Checked<Length>>,
    /// The longest pause between attempts.
    #[schemars(extend("default" = schema::length(Caps::default().retry_cap)))]
    retry_cap: Option<Checked<Length>>,
    /// After how long without an answer a provider is given up.
    #[schemars(extend("default" = schema::length(Caps::default().outage)))]
    outage: Option<Checked<Length>>,
    /// How slow an answer may come; 100 bytes a second over 20 seconds where this is left out.
    throughput: Option<ThroughputFile>,
}

/// How slow an answer may come.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThroughputFile {
    /// How many bytes a second.
    bytes_per_second: Placed<u64>,
    /// Over how long.
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

fn number<N: TryFrom<u64>>(cap: &mut N, written: Option<Placed<u64>>, problems: &mut Problems<'_>) {
    let Some(written) = written else { return };
    match N::try_from(written.value) {
        Ok(number) if written.value > 0 => *cap = number,
        _ => problems.add(written.spot, nothing()),
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
