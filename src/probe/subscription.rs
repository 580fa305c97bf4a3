//! What a list of endpoints proves about the webhooks that a domain lives on. Pure.

use std::collections::{BTreeMap, BTreeSet};

use tieout_reconcilers::webhooks::{Address, Endpoint, WebhookFeed};

use super::facts::{Fact, Verdict, fact};

const CLAIM: &str = "webhooks";

/// How many ids of endpoints a line names.
const NAMED: usize = 3;

/// What the endpoints of a list prove. `gap` is why the list may not be all there is: then what is not on it proves nothing.
#[must_use]
pub fn subscription(webhooks: &WebhookFeed, endpoints: &[Endpoint], gap: Option<&str>) -> Vec<Fact> {
    let judged = judge(webhooks, endpoints);
    match gap {
        Some(why) if judged.iter().any(|fact| fact.verdict != Verdict::Holds) => {
            vec![fact(CLAIM, Verdict::Unproven, why)]
        }
        _ => judged,
    }
}

fn judge(webhooks: &WebhookFeed, endpoints: &[Endpoint]) -> Vec<Fact> {
    let fails = |seen: String| vec![fact(CLAIM, Verdict::Fails, seen)];
    let topics = || listed(&webhooks.expected);
    if endpoints.is_empty() {
        return fails(format!(
            "the provider sends webhooks to nobody; add an endpoint there for {}, or say `webhooks: {{expect: []}}` in the domain if it lives \
             without",
            topics()
        ));
    }
    match &webhooks.ours {
        Some(ours) => {
            let is_ours = |one: &&Endpoint| one.address.as_ref().is_some_and(|address| ours.covers(address));
            let its: Vec<&Endpoint> = endpoints.iter().filter(is_ours).collect();
            if its.is_empty() {
                return fails(format!(
                    "none of the provider's {} leads to `webhooks: {{url: ...}}` at {ours}; add it there for {}, correct `url`, or look \
                     whether the credentials are those of another account",
                    number(endpoints.len()),
                    topics()
                ));
            }
            of_address(webhooks, &its)
        }
        None => best(webhooks, endpoints),
    }
}

/// Where nobody says which endpoint is ours, those of the host that lacks the least.
fn best(webhooks: &WebhookFeed, endpoints: &[Endpoint]) -> Vec<Fact> {
    // Each topic may have a path of its own.
    let mut hosts: BTreeMap<Option<String>, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in endpoints {
        hosts.entry(endpoint.address.as_ref().map(Address::to_string)).or_default().push(endpoint);
    }
    let of = |its: &Vec<&Endpoint>| {
        (lacking(webhooks, its).map_or(0, |lacking| lacking.len()), of_address(webhooks, its))
    };
    let weight = |(lacking, facts): &(usize, Vec<Fact>)| {
        let of = |verdict| facts.iter().filter(|fact| fact.verdict == verdict).count();
        (of(Verdict::Fails), of(Verdict::Unproven), *lacking)
    };
    hosts.values().map(of).min_by_key(weight).map(|(_, facts)| facts).unwrap_or_default()
}

/// The endpoints of one address or host, each of which may have some of the topics.
fn of_address(webhooks: &WebhookFeed, its: &[&Endpoint]) -> Vec<Fact> {
    let who = named(its);
    let fails = |seen: String| fact(CLAIM, Verdict::Fails, seen);
    if its.iter().all(|one| one.is_on == Some(false)) {
        return vec![fails(format!(
            "{who} is off: the provider sends it nothing; enable it there, and run `tieout run` to find what was lost meanwhile"
        ))];
    }
    let mut facts = Vec::new();
    match lacking(webhooks, its) {
        None => facts.push(fact(
            CLAIM,
            Verdict::Unproven,
            format!("the list does not say which topics {who} is sent"),
        )),
        Some(lacking) if !lacking.is_empty() => facts.push(fails(format!(
            "{who} is not sent {}; add {} to it at the provider",
            listed(&lacking),
            if lacking.len() == 1 { "this topic" } else { "these topics" }
        ))),
        Some(_) => {}
    }
    if its.iter().any(|one| one.is_on != Some(false) && one.arrived == Some(false)) {
        facts.push(fails(format!(
            "the last delivery to {who} failed; look at its log at the provider, and at what the handler answers"
        )));
    }
    if facts.is_empty() && its.iter().all(|one| one.is_on != Some(true)) {
        facts.push(fact(CLAIM, Verdict::Unproven, format!("the list does not say whether {who} is on")));
    }
    if facts.is_empty() {
        facts.push(fact(
            CLAIM,
            Verdict::Holds,
            format!("{who} is on and is sent {}", listed(&webhooks.expected)),
        ));
    }
    facts
}

/// The topics that none of the endpoints that may be on is sent; nothing where some of them do not say.
fn lacking(webhooks: &WebhookFeed, its: &[&Endpoint]) -> Option<Vec<String>> {
    let on = || its.iter().filter(|one| one.is_on != Some(false));
    let told: Vec<String> = on().filter_map(|one| one.topics.clone()).flatten().collect();
    let lacking: Vec<String> =
        webhooks.expected.iter().filter(|topic| !webhooks.sends(&told, topic)).cloned().collect();
    (lacking.is_empty() || on().all(|one| one.topics.is_some())).then_some(lacking)
}

/// Who is meant: the host and the provider's ids. A path may hold a secret.
fn named(its: &[&Endpoint]) -> String {
    let address = its.iter().find_map(|one| one.address.as_ref());
    let host = address.map_or_else(|| "an endpoint without an address".to_owned(), ToString::to_string);
    let ids: BTreeSet<String> =
        its.iter().filter_map(|one| one.id.as_ref()).map(ToString::to_string).collect();
    let shown: Vec<&str> = ids.iter().take(NAMED).map(String::as_str).collect();
    let more = if ids.len() > NAMED { format!(" and {} more", ids.len() - NAMED) } else { String::new() };
    if shown.is_empty() { host } else { format!("{host} ({}{more})", shown.join(", ")) }
}

fn listed(topics: &[String]) -> String {
    let quoted: Vec<String> = topics.iter().map(|topic| format!("`{topic}`")).collect();
    quoted.join(", ")
}

fn number(endpoints: usize) -> String {
    if endpoints == 1 { "1 endpoint".to_owned() } else { format!("{endpoints} endpoints") }
}
