//! Which events a replay is asked for: the filter with the times that are meant, and what two calls have in common that ask for the same.

use serde_json::json;
use tieout_reconcilers::name::DomainName;
use uuid::Uuid;

use super::args::ReplayArgs;
use crate::cli::failure::Failure;
use crate::cli::values::When;
use crate::cli::wire;
use crate::config::Loaded;
use crate::store::{SentFilter, Store};

/// The namespace of likenesses; any will do, and it never changes.
const NAMESPACE: Uuid = Uuid::from_u128(0x6d0b_6f0e_6f6a_4f0e_8e0a_52f7_9a1c_3b5d);

/// The filter that is asked for, by names and instants, whatever they were named by.
pub(super) async fn filter(loaded: &Loaded, store: &Store, args: &ReplayArgs) -> Result<SentFilter, Failure> {
    let domains: Vec<DomainName> = match args.domain.as_slice() {
        [] => Vec::new(),
        patterns => wire::selected(loaded, patterns)?.iter().map(|domain| domain.domain().clone()).collect(),
    };
    let run_id = match &args.run {
        Some(run) => {
            Some(store.find_run(run).await.map_err(|error| wire::store_failure(&error))?.summary.run_id)
        }
        None => None,
    };
    let (keys, types, queues) = (args.key.clone(), args.r#type.clone(), args.queue.clone());
    let now = store.now().await.map_err(|error| wire::store_failure(&error))?;
    let [since, until] = [args.since, args.until].map(|when| when.map(|when| when.before(now)));
    Ok(SentFilter { domains, queues, types, keys, run_id, since, until })
}

/// The same for whoever asks for the same events to the same queue: in another order, or for `24h` at another time.
pub(super) fn likeness(filter: &SentFilter, args: &ReplayArgs) -> Uuid {
    let mut words = [
        filter.domains.iter().map(ToString::to_string).collect::<Vec<_>>(),
        filter.queues.clone(),
        filter.types.clone(),
        filter.keys.iter().map(|key| key.as_str().to_owned()).collect(),
    ];
    for list in &mut words {
        list.sort_unstable();
        list.dedup();
    }
    let when = |when: Option<When>| {
        when.map(|when| match when {
            When::At(at) => at.to_string(),
            When::Ago(time) => format!("{time:?} ago"),
        })
    };
    let same = json!([words, filter.run_id, when(args.since), when(args.until), args.to]);
    Uuid::new_v5(&NAMESPACE, same.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};
    use tieout_reconcilers::instant::Instant;

    use super::*;

    fn likeness_of(call: &[&str], now: i64) -> Uuid {
        let command = ReplayArgs::augment_args(Command::new("replay")).no_binary_name(true);
        let args = ReplayArgs::from_arg_matches(&command.get_matches_from(call)).unwrap();
        let now = Instant::from_micros(now);
        let filter = SentFilter {
            domains: args.domain.iter().map(|name| name.parse().unwrap()).collect(),
            queues: args.queue.clone(),
            keys: args.key.clone(),
            since: args.since.map(|when| when.before(now)),
            ..SentFilter::default()
        };
        likeness(&filter, &args)
    }

    #[test]
    fn the_same_is_asked_for_in_another_order_and_at_another_time() {
        let first = likeness_of(&["--domain", "a.b,c.d", "--since", "24h"], 5);
        assert_eq!(likeness_of(&["--domain", "c.d,a.b", "--since", "24h", "--limit", "5"], 9), first);
        let others: [&[&str]; 5] = [
            &["--domain", "a.b", "--since", "24h"],
            &["--domain", "a.b,c.d", "--since", "25h"],
            &["--domain", "a.b,c.d"],
            &["--queue", "a.b,c.d", "--since", "24h"],
            &["--domain", "a.b,c.d", "--since", "24h", "--to", "refill"],
        ];
        for other in others {
            assert_ne!(likeness_of(other, 5), first, "{other:?}");
        }
    }
}
