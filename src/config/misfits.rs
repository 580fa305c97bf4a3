//! What does not fit between a domain and the feed that it is put on.

use std::collections::BTreeSet;
use std::time::Duration;

use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::spoken::Spoken;

use crate::local::misfit;

/// What makes a domain unusable.
pub(super) fn faults(domain: &dyn Reconciler) -> impl Iterator<Item = Fault> {
    misfits(domain).chain(clock_misfit(domain))
}

/// What is legal and rarely meant.
pub(super) fn warnings(domain: &dyn Reconciler) -> impl Iterator<Item = Fault> {
    [runs_too_seldom(domain), lacks_events(domain), misses_absence(domain)].into_iter().flatten()
}

/// Why the local side does not fit a feed that has a clock, or has none.
fn clock_misfit(domain: &dyn Reconciler) -> Option<Fault> {
    let feed = &domain.feed().name;
    match (domain.feed().timeless, &domain.local().clock) {
        (false, None) => {
            let fault = Fault::new(format!("`local.clock` is missing, and the feed `{feed}` has a clock"));
            Some(fault.with_help(
                "name the column that `:from` and `:to` filter: the same instant as the feed's clock",
            ))
        }
        (true, Some(_)) => {
            let fault = Fault::new(format!("`local.clock` means nothing: the feed `{feed}` has no clock"));
            Some(
                fault.with_help("leave it out, and write `rows` without `:from` and `:to`: it is read whole"),
            )
        }
        _ => None,
    }
}

/// Why the SQL of a domain does not fit whom its feed is read for.
fn misfits(domain: &dyn Reconciler) -> impl Iterator<Item = Fault> {
    let names: BTreeSet<Box<str>> = match domain.fan_out() {
        FanOut::None => BTreeSet::new(),
        FanOut::Members(members) => {
            members.into_iter().flat_map(|member| member.values.into_keys()).collect()
        }
        FanOut::Feed(parents) => [parents.name].into(),
    };
    let local = [("local.rows", domain.local().rows.clone()), ("local.keys", domain.local().keys.clone())];
    let received = domain.received().map(|received| ("received.keys", received.keys.clone()));
    let statements: Vec<_> = local.into_iter().chain(received).collect();
    statements
        .into_iter()
        .filter_map(move |(what, sql)| Some(Fault::new(format!("`{what}`: {}", misfit(&sql, &names)?))))
}

/// Why some items are never read: the provider forgets them before the next run.
fn runs_too_seldom(domain: &dyn Reconciler) -> Option<Fault> {
    let feed = domain.feed();
    let (keep, pause) = (feed.retention?, domain.schedule()?.longest_pause()?);
    let needed = pause + feed.lag.max(domain.policy().settle);
    if keep >= needed {
        return None;
    }
    let said = |length: Duration| Spoken(length).to_string();
    let fault = Fault::new(format!(
        "the provider keeps the items of `{}` for {} and two runs are up to {} apart: what comes between is never read",
        feed.name,
        said(keep),
        said(pause)
    ));
    Some(fault.with_help("run the domain more often: see `schedule: {cron: ...}`"))
}

/// Why hardly any cause will ever be known although the domain names a table of received webhooks.
fn lacks_events(domain: &dyn Reconciler) -> Option<Fault> {
    if domain.received().is_none() || domain.events().is_some() {
        return None;
    }
    let fault = Fault::new(format!(
        "the feed `{}` has no `events`, so the causes of most findings stay unknown",
        domain.feed().name
    ));
    Some(fault.with_help("say `events: {feed: ..., object: ...}` in the feed, or leave `received` out"))
}

/// Why an outbound domain never learns what its feed lacks.
fn misses_absence(domain: &dyn Reconciler) -> Option<Fault> {
    if domain.direction() == Direction::Inbound || domain.feed().absence_is_evidence() {
        return None;
    }
    let fault = Fault::new(format!(
        "the feed `{}` shows what changed and not all that there is, so nothing that it lacks is ever found missing",
        domain.feed().name
    ));
    Some(fault.with_help(
        "use a feed whose window runs on `on: created`, or one that is read whole (`filter: client`)",
    ))
}
