//! `tieout dlq show`: a group with its first events, or one event with its finding. What an event carries is in `dlq export`.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::args::{ShowLettersArgs, Wanted};
use super::list::gather;
use super::which::{Filters, no_such_event, no_such_group};
use crate::cli::desk::Desk;
use crate::cli::discreet;
use crate::cli::failure::Failure;
use crate::cli::wire;
use crate::config::Loaded;
use crate::dead_letter::{Group, GroupId};
use crate::report::{GroupLine, GroupShown, LetterShown, LetterView, Origin, exit, json, text};
use crate::store::{DeadLetter, Shown, Store, StoreError};

pub(super) async fn show(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ShowLettersArgs,
) -> Result<u8, Failure> {
    match &args.wanted {
        Wanted::Event(id) => event(desk, loaded, store, *id).await,
        Wanted::Group(id) => group(desk, loaded, store, id, args.limit).await,
    }
}

async fn event(desk: &Desk, loaded: &Loaded, store: &Store, id: Uuid) -> Result<u8, Failure> {
    let broken = |error: StoreError| wire::store_failure(&error);
    let Some(letter) = store.letters(&[id]).await.map_err(broken)?.pop() else {
        return Err(no_such_event(&[id]));
    };
    let record = store.show(&letter.id).await.map_err(broken)?;
    let mut finding = record.map(|record| record.finding);
    if let Some(finding) = &mut finding {
        discreet::one(&loaded.domains, letter.id.domain.as_str(), &mut finding.fields);
    }
    let origin = origin(store, &letter).await.map_err(broken)?;
    let shown = LetterShown::new(&letter, &origin, finding.as_ref());
    desk.output.show(
        |look| text::dead_letter(&letter, &origin, finding.as_ref(), look),
        || json::whole("tieout.dead_letter/v1", &shown),
        || json::lines("dead_letter", [&shown]),
    )?;
    Ok(exit::DONE)
}

/// How it came to be. Its run may be forgotten.
async fn origin(store: &Store, letter: &DeadLetter) -> Result<Origin, StoreError> {
    let payloads = store.payloads(&[letter.event_id]).await?;
    let origin = payloads.get(&letter.event_id).map(|event| Origin::of_event(event)).unwrap_or_default();
    match store.run(letter.run_id).await {
        Ok(run) => {
            let domain = letter.id.domain.as_str();
            Ok(origin.by_run(run.summary.version, run.report_json.as_deref(), domain))
        }
        Err(StoreError::NoSuchRun(_)) => Ok(origin),
        Err(error) => Err(error),
    }
}

async fn group(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    id: &GroupId,
    limit: usize,
) -> Result<u8, Failure> {
    let mut groups: BTreeMap<Group, GroupLine> = BTreeMap::new();
    let (mut letters, mut not_listed): (Vec<DeadLetter>, u64) = (Vec::new(), 0);
    let filters = Filters { group: vec![id.clone()], ..Filters::default() };
    let take = |letter: DeadLetter| {
        gather(&mut groups, &letter);
        if limit > 0 && letters.len() >= limit { not_listed += 1 } else { letters.push(letter) }
    };
    filters.each(loaded, store, Shown::Dead, take).await?;
    let lines: Vec<GroupLine> = groups.into_values().collect();
    let [line] = lines.as_slice() else { return Err(no_such_group(id)) };
    let shown =
        GroupShown { group: line, events: letters.iter().map(LetterView::from).collect(), not_listed };
    desk.output.show(
        |look| text::dead_group(line, &letters, not_listed, look),
        || json::whole("tieout.dead_letter_group/v1", &shown),
        || json::lines("dead_letter_group", [&shown]),
    )?;
    Ok(exit::DONE)
}
