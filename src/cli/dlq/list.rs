//! `tieout dlq list`: what the relay gave up, one line for each cause or for each event.

use std::collections::BTreeMap;

use super::args::ListArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::config::Loaded;
use crate::dead_letter::Group;
use crate::report::{GroupLine, LetterView, exit, json, text};
use crate::store::{DeadLetter, Shown, Store};

pub(super) async fn list(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ListArgs,
) -> Result<u8, Failure> {
    let shown = if args.dropped { Shown::Dropped } else { Shown::Dead };
    if args.flat {
        return flat(desk, loaded, store, args, shown).await;
    }
    let mut groups: BTreeMap<Group, GroupLine> = BTreeMap::new();
    args.filters.each(loaded, store, shown, |letter| gather(&mut groups, &letter)).await?;
    let mut lines: Vec<GroupLine> = groups.into_values().collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.count, line.last)));
    let not_listed = cut(&mut lines, args.limit);
    desk.output.show(
        |look| text::dead_groups(&lines, not_listed, look),
        || json::dead_groups(&lines, not_listed),
        || json::lines("dead_letter_group", &lines),
    )?;
    Ok(exit::DONE)
}

/// Adds a dead letter to its group.
pub(super) fn gather(groups: &mut BTreeMap<Group, GroupLine>, letter: &DeadLetter) {
    let group = letter.group();
    match groups.get_mut(&group) {
        Some(line) => line.add(letter),
        None => {
            groups.insert(group.clone(), GroupLine::begin(group, letter));
        }
    }
}

async fn flat(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ListArgs,
    shown: Shown,
) -> Result<u8, Failure> {
    let (mut letters, mut not_listed) = (Vec::new(), 0);
    let take = |letter| match args.limit {
        limit if limit > 0 && letters.len() >= limit => not_listed += 1,
        _ => letters.push(letter),
    };
    args.filters.each(loaded, store, shown, take).await?;
    let views: Vec<LetterView<'_>> = letters.iter().map(LetterView::from).collect();
    desk.output.show(
        |look| text::dead_letters(&letters, not_listed, look),
        || json::dead_letters(&views, not_listed),
        || json::lines("dead_letter", &views),
    )?;
    Ok(exit::DONE)
}

/// Cuts a list, where there is a limit, and says how many lines that left out.
fn cut<T>(lines: &mut Vec<T>, limit: usize) -> u64 {
    let shown = if limit == 0 { lines.len() } else { limit.min(lines.len()) };
    let not_listed = (lines.len() - shown) as u64;
    lines.truncate(shown);
    not_listed
}
