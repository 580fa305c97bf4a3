//! What a provider permits, and where its answers say how much of it is left.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::checked::{Fault, FromText, Word};
use super::quota::Quota;
use super::reader::Reader;
use crate::instant::{Instant, TimeFormat};
use crate::name::Name;
use crate::page::Response;
use crate::path::Path;
use crate::projection::Projection;

/// What a provider permits.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// What holds for every request that belongs to no class.
    pub everywhere: Allowance,
    /// Routes with an allowance of their own, in order; a request belongs to the first that it fits.
    pub classes: Vec<RouteClass>,
    /// Where answers say how much is left.
    pub gauge: Gauge,
    /// Where the provider can be asked how much is left of what holds everywhere.
    pub quota: Option<Quota>,
    /// The longest pause that a run makes.
    pub max_wait: Option<Duration>,
}

impl Limits {
    /// What holds for a request to a path below the base.
    #[must_use]
    pub fn on(&self, path: &str) -> &Allowance {
        let is_on = |class: &&RouteClass| class.routes.iter().any(|route| route.fits(path));
        self.classes.iter().find(is_on).map_or(&self.everywhere, |class| &class.allowance)
    }
}

/// How many requests are permitted.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Allowance {
    /// Requests per second over a long time.
    pub per_second: Option<f64>,
    /// Requests at once after a pause; without it they are evenly spaced.
    pub burst: Option<NonZeroU32>,
    /// Requests under way at the same time.
    pub concurrent: Option<NonZeroU32>,
    /// The share, from 0 to less than 1, that is left to the live application.
    pub reserve: f64,
}

/// Routes that share an allowance of their own.
#[derive(Debug, Clone, PartialEq)]
pub struct RouteClass {
    /// Its name.
    pub name: Name,
    /// The routes.
    pub routes: Vec<Route>,
    /// What is permitted on them, all together.
    pub allowance: Allowance,
}

/// The path of requests below the provider's base, where `*` stands for any text: `/objects/*/search`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route(Box<str>);

impl FromText for Route {
    const WHAT: &'static str = "path below the base";
    const EXAMPLES: &'static [&'static str] = &["/objects/*/search"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if !text.starts_with('/') || text.contains(['?', '#', '{', ' ']) {
            return Err(Fault::new(format!("`{text}` is not a route"))
                .with_help("write the path below the base, with `*` for what varies: `/objects/*/search`"));
        }
        Ok(Self(text.into()))
    }
}

impl Route {
    /// Whether a path below the base is on it.
    #[must_use]
    pub fn fits(&self, path: &str) -> bool {
        let mut pieces = self.0.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| path.strip_prefix(first)) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        for piece in pieces {
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How an answer writes when the provider counts anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ResetFormat {
    /// Whichever of the others it looks like; a number in milliseconds from now cannot be told from seconds.
    #[default]
    Any,
    /// Seconds since 1970.
    Epoch,
    /// Milliseconds since 1970.
    EpochMs,
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Milliseconds,
    /// A date with time and offset.
    Rfc3339,
}

impl Word for ResetFormat {
    const WHAT: &'static str = "format of a reset";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("epoch", ResetFormat::Epoch),
            ("epoch_ms", ResetFormat::EpochMs),
            ("seconds", ResetFormat::Seconds),
            ("milliseconds", ResetFormat::Milliseconds),
            ("rfc3339", ResetFormat::Rfc3339),
        ]
    }
}

/// When the provider counts anew.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reset {
    /// At an instant of its own clock.
    At(Instant),
    /// After a while.
    In(Duration),
}

/// Numbers above this are seconds since 1970, and no pause.
const EPOCH_FROM: f64 = 1e9;
/// Numbers above this are milliseconds since 1970.
const EPOCH_MS_FROM: f64 = 1e11;

impl ResetFormat {
    /// Reads a reset; what is garbage, negative or out of range is none.
    #[must_use]
    pub fn read(self, text: &str) -> Option<Reset> {
        let number = || text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        let pause = |unit: f64| Duration::try_from_secs_f64(number()? / unit).ok().map(Reset::In);
        let epoch = |unit: f64| {
            let since = Duration::try_from_secs_f64(number()? / unit).ok()?;
            i64::try_from(since.as_micros()).ok().map(|micros| Reset::At(Instant::from_micros(micros)))
        };
        match self {
            Self::Epoch => epoch(1.0),
            Self::EpochMs => epoch(1e3),
            Self::Seconds => pause(1.0),
            Self::Milliseconds => pause(1e3),
            Self::Rfc3339 => TimeFormat::Rfc3339.read(text).map(Reset::At),
            Self::Any => match number() {
                None => Self::Rfc3339.read(text),
                Some(number) if number >= EPOCH_MS_FROM => Self::EpochMs.read(text),
                Some(number) if number >= EPOCH_FROM => Self::Epoch.read(text),
                Some(_) => Self::Seconds.read(text),
            },
        }
    }
}

/// What an answer says about the rest of an allowance. The unit is the provider's own: requests, or points of cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// How much is left.
    pub left: f64,
    /// Out of how much.
    pub of: Option<f64>,
    /// When it is full again.
    pub reset: Option<Reset>,
    /// How much comes back every second.
    pub refill: Option<f64>,
    /// How much a request like this one costs, where that is not 1.
    pub ask: Option<f64>,
}

/// What a definition names as left.
#[derive(Debug, Clone)]
pub(super) enum Left {
    /// The number itself.
    Count(Reader),
    /// A fraction such as `32/40`: used, of how many.
    Used(Reader),
    /// A bucket of cost.
    Cost { left: Reader, refill: Option<Reader>, ask: Option<Reader> },
}

/// Where answers say how much is left.
#[derive(Debug, Clone, Default)]
pub struct Gauge {
    left: Option<Left>,
    reset: Option<(Reader, ResetFormat)>,
    /// Keeps the members of the body that are named, in the order of [`readers`](Self::readers).
    projection: Option<Projection>,
}

impl Gauge {
    pub(super) fn new(left: Option<Left>, reset: Option<(Reader, ResetFormat)>) -> Self {
        let mut gauge = Self { left, reset, projection: None };
        let slots: Vec<Option<Path>> = gauge.readers().map(Reader::signal).collect();
        if slots.iter().any(Option::is_some) {
            gauge.projection = Some(Projection::of_rows(&slots, &[], 1));
        }
        gauge
    }

    /// Whether the definition names any place.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.left.is_some()
    }

    fn readers(&self) -> impl Iterator<Item = &Reader> {
        let left = match &self.left {
            None => [None; 3],
            Some(Left::Count(left) | Left::Used(left)) => [Some(left), None, None],
            Some(Left::Cost { left, refill, ask }) => [Some(left), refill.as_ref(), ask.as_ref()],
        };
        left.into_iter().flatten().chain(self.reset.as_ref().map(|(reader, _)| reader))
    }

    /// What an answer says where the definition looks; nothing where it says nothing that makes sense.
    #[must_use]
    pub fn read(&self, response: &Response<'_>) -> Option<Reading> {
        let left = self.left.as_ref()?;
        let kept = self.projection.as_ref().and_then(|kept| kept.read_item(response.body).ok());
        let row = kept.as_ref().and_then(|kept| kept.items.get(0));
        let texts = self.readers().enumerate();
        let mut texts = texts.map(|(slot, reader)| reader.read(row.and_then(|row| row.slot(slot)), response));
        let mut reading = Reading { left: 0.0, of: None, reset: None, refill: None, ask: None };
        let first = texts.next().flatten()?;
        match left {
            Left::Count(_) => reading.left = amount(&first)?,
            Left::Used(_) => {
                let (used, of) = first.split_once('/')?;
                let (used, of) = (amount(used)?, amount(of)?);
                (reading.left, reading.of) = ((of - used).max(0.0), Some(of));
            }
            Left::Cost { refill, ask, .. } => {
                reading.left = amount(&first)?;
                let mut next = |named: &Option<Reader>| named.as_ref().and_then(|_| amount(&texts.next()??));
                reading.refill = next(refill);
                reading.ask = next(ask).filter(|ask| *ask > 0.0);
            }
        }
        if let Some((_, format)) = &self.reset {
            reading.reset = texts.next().flatten().and_then(|text| format.read(&text));
        }
        Some(reading)
    }
}

fn amount(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}
