//! What a provider says about the webhooks that a domain lives on, and about the scopes of the credentials. It only reads.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::Utc;
use tieout_reconcilers::fan_out::FanOut;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::items::ItemView;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::PageRequest;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::scopes::{Scopes, Told, parted};
use tieout_reconcilers::webhooks::{WebhookFeed, Webhooks};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::check::Tested;
use super::member;
use crate::coverage;
use crate::probe::{Fact, Verdict, subscription};
use crate::report::exit;
use crate::source::{Client, Coverage, Walk, headers};

/// Members of a fan-out that are asked about: each has a list of its own, and each costs requests.
const MOST_MEMBERS: usize = 20;

/// Looks whether the webhooks of a domain are subscribed. A feed whose definition does not say how to find out is told once; `silent` are
/// those that were.
pub(super) async fn webhooks(
    client: &Client,
    domain: &dyn Reconciler,
    silent: &mut BTreeSet<String>,
) -> Vec<Tested> {
    let feed = &domain.feed().name;
    match domain.webhooks() {
        Webhooks::Unneeded => Vec::new(),
        Webhooks::Untold if !silent.insert(feed.clone()) => Vec::new(),
        Webhooks::Untold => vec![Tested::not_told(
            format!("webhooks of {feed}"),
            "its definition has no `webhooks` that says how endpoints are listed; look at the provider's own page",
        )],
        Webhooks::Listed(webhooks) => of_members(client, domain, webhooks).await,
    }
}

async fn of_members(client: &Client, domain: &dyn Reconciler, webhooks: &WebhookFeed) -> Vec<Tested> {
    let what = format!("webhooks of {}", domain.domain());
    let (members, more) = match members(client, webhooks.feed.as_ref()).await {
        Ok(found) => found,
        Err(why) => return vec![Tested::not_told(what, why)],
    };
    let mut tests = Vec::new();
    for each in &members {
        let what =
            if each.as_str().is_empty() { what.clone() } else { format!("{what} [{}]", each.as_str()) };
        let mut endpoints = Vec::new();
        let gap = list(client, &webhooks.feed, each, |row| endpoints.push(webhooks.endpoint(row))).await;
        let facts = subscription(webhooks, &endpoints, gap.as_deref());
        tests.extend(facts.into_iter().map(|fact| tested(&what, fact)));
    }
    if more > 0 {
        tests.push(Tested::not_told(what, format!("{more} more members were not asked about")));
    }
    tests
}

fn tested(what: &str, fact: Fact) -> Tested {
    match fact.verdict {
        Verdict::Holds => Tested::ok(what, fact.seen),
        Verdict::Unproven => Tested::not_told(what, fact.seen),
        // A run repairs what webhooks leave out, so it is no failure.
        Verdict::Fails => Tested::warning(what, fact.seen),
    }
}

/// For whom a list is read, and how many more there are.
async fn members(client: &Client, list: &dyn Reconciler) -> Result<(Vec<Each>, usize), String> {
    match list.fan_out() {
        FanOut::Members(members) => {
            let more = members.len().saturating_sub(MOST_MEMBERS);
            Ok((members.into_iter().take(MOST_MEMBERS).map(|member| member.each).collect(), more))
        }
        other => {
            let now = Instant::from(Utc::now());
            let first = member::choose(client, other, &[], now).await.map_err(|failure| failure.message)?;
            Ok((vec![first.map(|member| member.each).unwrap_or_default()], 0))
        }
    }
}

/// Reads a list whole, row by row. What it returns is why it could not.
async fn list(
    client: &Client,
    list: &Arc<dyn Reconciler>,
    each: &Each,
    mut take: impl FnMut(ItemView<'_>),
) -> Option<String> {
    let now = Instant::from(Utc::now());
    let window = Window::new(Instant::from_micros(0), now)?;
    let slice = Slice { each: each.clone(), ..Slice::new(window, Purpose::Coverage) };
    let mut walk = Walk::start(client.clone(), Arc::clone(list), slice);
    let mut faults = 0;
    while let Some(page) = walk.next().await {
        page.items.iter().for_each(&mut take);
        faults += page.faults.len();
    }
    match walk.coverage().await {
        Coverage::Partial(reasons) => {
            let why = reasons.last().map(|reason| {
                let cure = if reason.is_rejected() {
                    "; give the credentials the right to read this list"
                } else {
                    ""
                };
                format!("{reason}{cure}")
            });
            Some(why.unwrap_or_else(|| "the list could not be read whole".to_owned()))
        }
        Coverage::Complete if faults > 0 => Some(format!("{faults} entries of the list cannot be read")),
        Coverage::Complete => None,
    }
}

/// Looks whether the credentials have the scopes that a feed needs, where the provider says so.
pub(super) async fn scopes(client: &Client, domain: &Arc<dyn Reconciler>) -> Option<Tested> {
    let scopes = domain.scopes()?;
    let what = format!("scopes for {}", domain.domain());
    let (has, accepted) = match said(client, domain.as_ref(), scopes).await {
        Ok(said) => said,
        Err(why) => return Some(Tested::not_told(what, why)),
    };
    let lacking = scopes.lacking(&has, accepted.as_deref());
    if lacking.is_empty() {
        let has: Vec<String> = has.iter().map(|scope| format!("`{scope}`")).collect();
        let told = if has.is_empty() { "none is needed".to_owned() } else { has.join(", ") };
        return Some(Tested::ok(what, told));
    }
    let lacking: Vec<String> = lacking.iter().map(|need| either(need)).collect();
    Some(Tested::failed(
        what,
        format!(
            "lacks {}; grant it to the key or the app at the provider, and renew the token",
            lacking.join(", ")
        ),
        exit::CREDENTIALS,
    ))
}

fn either(need: &[String]) -> String {
    let quoted: Vec<String> = need.iter().map(|scope| format!("`{scope}`")).collect();
    quoted.join(" or ")
}

/// The scopes that the provider says there are, and those of which it accepts any.
async fn said(
    client: &Client,
    domain: &dyn Reconciler,
    scopes: &Scopes,
) -> Result<(BTreeSet<String>, Option<String>), String> {
    match &scopes.told {
        Told::Header { name, accepted } => {
            let (members, _) = members(client, domain).await?;
            let request = members.first().and_then(|each| first_page(domain, each));
            let answered = match request {
                Some(request) => headers(client, domain, &request).await,
                None => None,
            };
            let header = |wanted: &str| {
                let its = answered.iter().flatten().find(|(name, _)| name == wanted);
                its.map(|(_, value)| value.clone())
            };
            let has = header(name).ok_or_else(|| {
                format!(
                    "no answer has the header `{name}`, as with keys that have rights in the place of scopes"
                )
            })?;
            Ok((parted(&has).collect(), accepted.as_deref().and_then(header)))
        }
        Told::List { feed, .. } => {
            let (members, _) = members(client, feed.as_ref()).await?;
            let each = members.into_iter().next().unwrap_or_default();
            let (mut has, mut unreadable) = (BTreeSet::new(), 0);
            let take = |row: ItemView<'_>| match scopes.told.in_row(row) {
                Some(said) => has.extend(said),
                None => unreadable += 1,
            };
            match list(client, feed, &each, take).await {
                Some(why) => Err(why),
                None if unreadable > 0 => Err(format!("{unreadable} entries of the list show no scopes")),
                None => Ok((has, None)),
            }
        }
    }
}

fn first_page(domain: &dyn Reconciler, each: &Each) -> Option<PageRequest> {
    let feed = domain.feed();
    let ceiling = coverage::ceiling(Instant::from(Utc::now()), feed, domain.policy(), None);
    let window = Window::new(ceiling - feed.span, ceiling)?;
    Some(domain.first_page(&Slice { each: each.clone(), ..Slice::new(window, Purpose::Coverage) }))
}
