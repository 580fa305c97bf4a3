//! The `limits:` of a provider file.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText, Ordered, Placed};
use super::document::Problems;
use super::limits::{Allowance, Gauge, Left, Limits, ResetFormat, Route, RouteClass};
use super::problem::Spot;
use super::quota::QuotaFile;
use super::reader::Reader;
use super::value::{Length, Rate, Ratio};
use crate::name::Name;

/// How often the provider may be asked.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitsFile {
    /// Requests over a long time: `25/s`, `100/10s`.
    rate: Option<Checked<Rate>>,
    /// Requests at once after a pause; evenly spaced where this is left out.
    burst: Option<Placed<u32>>,
    /// Requests under way at the same time.
    concurrent: Option<Placed<u32>>,
    /// The share that is left to your live application.
    #[schemars(extend("default" = "0%"))]
    reserve: Option<Checked<Ratio>>,
    /// Where answers say how many requests are left: a path, or `header:NAME`.
    left: Option<Checked<Reader>>,
    /// Where answers hold a fraction such as `32/40`, in the place of `left`.
    used: Option<Checked<Reader>>,
    /// Points in the place of requests.
    cost: Option<Placed<CostFile>>,
    /// Where answers say when all is there again.
    reset: Option<Checked<Reader>>,
    /// How `reset` is written; what it looks like where this is left out.
    #[serde(rename = "as")]
    format: Option<Checked<ResetFormat>>,
    /// A request whose answer says how much is left.
    quota: Option<Placed<QuotaFile>>,
    /// The longest pause that a run makes.
    #[schemars(extend("default" = "2m"))]
    max_wait: Option<Checked<Length>>,
    /// Routes with a budget of their own, by name; a request belongs to the first that it fits.
    #[serde(default)]
    classes: Ordered<ClassFile>,
}

/// Points in the place of requests.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CostFile {
    /// Where the body says how many points are left.
    left: Checked<Reader>,
    /// Where it says how many come back every second.
    refill: Option<Checked<Reader>>,
    /// Where it says how many one request costs.
    ask: Option<Checked<Reader>>,
}

/// Routes with a budget of their own.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    /// Paths below the base, with `*` for what varies.
    routes: Vec<Checked<Route>>,
    /// Requests over a long time: `25/s`, `100/10s`.
    rate: Option<Checked<Rate>>,
    /// Requests at once after a pause; evenly spaced where this is left out.
    burst: Option<Placed<u32>>,
    /// Requests under way at the same time.
    concurrent: Option<Placed<u32>>,
    /// The share that is left to your live application.
    #[schemars(extend("default" = "0%"))]
    reserve: Option<Checked<Ratio>>,
}

impl LimitsFile {
    /// The routes of all classes, with their places.
    pub(super) fn routes(&self) -> Vec<(Route, Spot)> {
        let routes = self.classes.0.iter().flat_map(|class| &class.value.routes);
        routes.filter_map(|route| Some((route.outcome.clone().ok()?, route.spot))).collect()
    }

    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Limits {
        let everywhere = allowance(self.rate, self.burst, self.concurrent, self.reserve, problems);
        let left = left(self.left, self.used, self.cost, problems);
        let reset = reset(self.reset, self.format, left.is_some(), problems);
        Limits {
            everywhere,
            classes: classes(self.classes, problems),
            gauge: Gauge::new(left, reset),
            quota: self.quota.and_then(|quota| quota.value.compile(quota.spot, problems)),
            max_wait: problems.take_option(self.max_wait).map(|wait| wait.0),
        }
    }
}

fn allowance(
    rate: Option<Checked<Rate>>,
    burst: Option<Placed<u32>>,
    concurrent: Option<Placed<u32>>,
    reserve: Option<Checked<Ratio>>,
    problems: &mut Problems<'_>,
) -> Allowance {
    if let (None, Some(burst)) = (&rate, &burst) {
        let fault = Fault::new("`burst` means nothing without `rate`");
        problems.add(burst.spot, fault.with_help("say `rate: 10/s` beside it"));
    }
    let reserve = reserve.and_then(|reserve| {
        let spot = reserve.spot;
        let share = problems.take(reserve)?.0;
        if share >= 1.0 {
            problems.add(spot, Fault::new("with all of it reserved nothing is left to read with"));
        }
        Some(share)
    });
    Allowance {
        per_second: problems.take_option(rate).map(|rate| rate.0),
        burst: at_least_one("burst", burst, problems),
        concurrent: at_least_one("concurrent", concurrent, problems),
        reserve: reserve.unwrap_or_default(),
    }
}

fn at_least_one(word: &str, number: Option<Placed<u32>>, problems: &mut Problems<'_>) -> Option<NonZeroU32> {
    let number = number?;
    let found = NonZeroU32::new(number.value);
    if found.is_none() {
        problems.add(number.spot, Fault::new(format!("`{word}` must be at least 1")));
    }
    found
}

pub(super) fn left(
    left: Option<Checked<Reader>>,
    used: Option<Checked<Reader>>,
    cost: Option<Placed<CostFile>>,
    problems: &mut Problems<'_>,
) -> Option<Left> {
    let spots = [
        left.as_ref().map(|left| left.spot),
        used.as_ref().map(|used| used.spot),
        cost.as_ref().map(|cost| cost.spot),
    ];
    if let Some(second) = spots.into_iter().flatten().nth(1) {
        let help =
            "`left` counts what is left, `used` is a fraction such as `32/40`, `cost` a bucket of points";
        problems
            .add(second, Fault::new("only one of `left`, `used` and `cost` can be given").with_help(help));
    }
    let left = problems.take_option(left).map(Left::Count);
    let used = problems.take_option(used).map(Left::Used);
    let cost = cost.and_then(|cost| {
        let CostFile { left, refill, ask } = cost.value;
        let (refill, ask) = (problems.take_option(refill), problems.take_option(ask));
        Some(Left::Cost { left: problems.take(left)?, refill, ask })
    });
    left.or(used).or(cost)
}

pub(super) fn reset(
    reset: Option<Checked<Reader>>,
    format: Option<Checked<ResetFormat>>,
    has_left: bool,
    problems: &mut Problems<'_>,
) -> Option<(Reader, ResetFormat)> {
    if let (None, Some(format)) = (&reset, &format) {
        problems.add(format.spot, Fault::new("`as` says how `reset` is written, and there is no `reset`"));
    }
    if let Some(reset) = reset.as_ref().filter(|_| !has_left) {
        let help =
            "name where answers say how much is left, such as `left: \"header:X-RateLimit-Remaining\"`";
        let fault = Fault::new("`reset` means nothing without `left`, `used` or `cost`");
        problems.add(reset.spot, fault.with_help(help));
    }
    let format = problems.take_option(format).unwrap_or_default();
    problems.take_option(reset).map(|reader| (reader, format))
}

fn classes(written: Ordered<ClassFile>, problems: &mut Problems<'_>) -> Vec<RouteClass> {
    let mut classes = Vec::new();
    for entry in written.0 {
        let ClassFile { routes, rate, burst, concurrent, reserve } = entry.value;
        let name = Name::from_text(&entry.key).map_err(|fault| problems.add(entry.spot, fault));
        if routes.is_empty() {
            problems.add(entry.spot, Fault::new("the class has no routes"));
        }
        if rate.is_none() && concurrent.is_none() {
            let fault = Fault::new("the class permits what everything else permits");
            problems.add(entry.spot, fault.with_help("say `rate` or `concurrent`"));
        }
        let routes = routes.into_iter().filter_map(|route| problems.take(route)).collect();
        let allowance = allowance(rate, burst, concurrent, reserve, problems);
        classes.extend(name.ok().map(|name| RouteClass { name, routes, allowance }));
    }
    classes
}
