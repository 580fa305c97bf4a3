//! Looks items up by key, to confirm what a walk or an earlier run made suspect.
//!
//! Every key that is asked for comes back exactly once: with what upstream holds, or with the reason why nobody knows.

use std::collections::HashSet;

use futures::StreamExt as _;
use futures::stream;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Confirm, Confirmed, Seen, Wanted};
use tieout_reconcilers::reconciler::{LookUpBy, Reconciler};

use super::fetch::Answered;
use super::http::Client;
use super::reason::{Reason, Site, What};
use super::walk::not_a_page;

/// How many look-ups are under way at once.
const SIDE_BY_SIDE: usize = 8;

/// What look-ups found.
#[derive(Debug, Default)]
pub struct Lookup {
    /// What upstream holds.
    pub confirmed: Vec<Confirmed>,
    /// What could not be found out.
    pub failed: Vec<(Key, Reason)>,
}

/// Looks up all of `items` of a member of the feed's fan-out. Refused credentials end it at once.
pub async fn lookup(client: &Client, reconciler: &dyn Reconciler, each: &Each, items: &[Wanted]) -> Lookup {
    let confirms = reconciler.confirm(each, items);
    let mut open: HashSet<&Key> = items.iter().map(|item| &item.key).collect();
    let mut found = Lookup { failed: unasked(client, reconciler, items, &confirms), ..Lookup::default() };
    for (key, _) in &found.failed {
        open.remove(key);
    }
    let asked: Vec<_> = confirms.into_iter().map(|confirm| ask(client, reconciler, confirm)).collect();
    let mut answers = stream::iter(asked).buffer_unordered(SIDE_BY_SIDE);
    let mut rejected = None;
    while let Some((keys, answer)) = answers.next().await {
        match answer {
            Ok(confirmed) => {
                found.confirmed.extend(confirmed.into_iter().filter(|one| open.remove(&one.key)));
            }
            Err(reason) if reason.is_rejected() => {
                rejected = Some(reason);
                break;
            }
            Err(reason) => {
                let unknown = keys.into_iter().filter(|key| open.remove(key));
                found.failed.extend(unknown.map(|key| (key, reason.clone())));
            }
        }
    }
    let rest = rejected.unwrap_or_else(|| unanswered(client, reconciler));
    let unanswered = items.iter().map(|item| &item.key).filter(|key| open.remove(key));
    found.failed.extend(unanswered.map(|key| (key.clone(), rest.clone())));
    found
}

/// The items that no look-up can ask about, because nobody knows their clock.
fn unasked(
    client: &Client,
    reconciler: &dyn Reconciler,
    items: &[Wanted],
    confirms: &[Confirm],
) -> Vec<(Key, Reason)> {
    if reconciler.feed().look_up_by == LookUpBy::Key {
        return Vec::new();
    }
    let asked: HashSet<&Key> = confirms.iter().flat_map(|confirm| &confirm.keys).collect();
    let at = || Box::new(site(client, reconciler, "no request".to_owned()));
    let unasked = items.iter().filter(|item| !asked.contains(&item.key));
    unasked.map(|item| (item.key.clone(), Reason::NoClock { at: at() })).collect()
}

async fn ask(
    client: &Client,
    reconciler: &dyn Reconciler,
    confirm: Confirm,
) -> (Vec<Key>, Result<Vec<Confirmed>, Reason>) {
    let answer = answer(client, reconciler, &confirm).await;
    (confirm.keys, answer)
}

async fn answer(
    client: &Client,
    reconciler: &dyn Reconciler,
    confirm: &Confirm,
) -> Result<Vec<Confirmed>, Reason> {
    let at = || site(client, reconciler, client.describe(&confirm.request, None));
    let answered =
        client.fetch(&confirm.request, None, |response| reconciler.confirm_answer(confirm, response)).await;
    // Whether nothing means "gone" is the definition's to say.
    let fetched = match answered.map_err(|error| Reason::of(at(), error))? {
        Answered::Read(fetched) | Answered::Empty(fetched) => fetched,
        // What a partial answer leaves out may exist all the same.
        Answered::Partly(_, why) => return Err(Reason::Gap { at: Box::new(at()), why }),
    };
    if bug!("any_404_is_gone") && fetched.status == 404 {
        return Ok(confirm.keys.iter().map(|key| Confirmed { key: key.clone(), seen: Seen::Gone }).collect());
    }
    reconciler.read_confirm(confirm, &fetched.response()).map_err(|fault| not_a_page(at(), fault, &fetched))
}

fn unanswered(client: &Client, reconciler: &dyn Reconciler) -> Reason {
    Reason::Unanswered { at: Box::new(site(client, reconciler, "no request".to_owned())) }
}

fn site(client: &Client, reconciler: &dyn Reconciler, request: String) -> Site {
    let domain = reconciler.domain().clone();
    Site { domain, provider: client.provider().clone(), what: What::Keys, request }
}
