//! Dead letters as tables: by their causes, one by one, and each with its finding.

use crate::finding::Finding;
use crate::report::dead::{GroupLine, Retryable as _};
use crate::report::origin::Origin;
use crate::store::{DeadLetter, OutboxState};

use super::escape::safe;
use super::grid::{Grid, counted, figure, page};
use super::lists::{amount, stakes};
use super::look::Look;

/// `tieout dlq list`: one line for each cause.
#[must_use]
pub fn dead_groups(groups: &[GroupLine], not_listed: u64, look: &Look) -> String {
    let Some(first) = groups.first() else { return "No dead letters match.\n".to_owned() };
    let mut lines = table(groups, look);
    lines.extend(more(not_listed, "more group"));
    lines.push(format!("Look closer: {}", look.command(&format!("dlq show {}", first.group))));
    page(&lines)
}

fn table(groups: &[GroupLine], look: &Look) -> Vec<String> {
    let titles = [
        "GROUP",
        "DOMAIN",
        "QUEUE",
        "CLASS",
        "COUNT",
        "FIRST FAILED",
        "LAST DIED",
        "TRIED",
        "AT STAKE",
        "REASON",
    ];
    let mut grid = Grid::new(0).titles(titles).figures([4, 7]).hidden_where_empty([8]);
    for line in groups {
        grid.row([
            line.group.to_string(),
            safe(&line.cause.domain).into_owned(),
            safe(&line.cause.queue).into_owned(),
            safe(&line.cause.class).into_owned(),
            figure(line.count),
            look.at(line.first),
            look.at(line.last),
            format!("{}x", line.attempts),
            stakes(&line.at_stake),
            safe(&line.cause.reason).into_owned(),
        ]);
    }
    grid.lines()
}

/// `tieout dlq list --flat`: one line for each event.
#[must_use]
pub fn dead_letters(letters: &[DeadLetter], not_listed: u64, look: &Look) -> String {
    if letters.is_empty() {
        return "No dead letters match.\n".to_owned();
    }
    let mut lines = rows(letters, look);
    lines.extend(more(not_listed, "more event"));
    page(&lines)
}

fn rows(letters: &[DeadLetter], look: &Look) -> Vec<String> {
    let titles = ["EVENT", "FINDING", "QUEUE", "CLASS", "DIED", "TRIED", "RETRIED", "AT STAKE", "REASON"];
    let mut grid = Grid::new(0).titles(titles).figures([5, 6]).hidden_where_empty([7]);
    for letter in letters {
        grid.row([
            letter.event_id.to_string(),
            path(letter),
            safe(&letter.queue).into_owned(),
            safe(letter.class.as_deref().unwrap_or_default()).into_owned(),
            look.at_if_any(letter.finished_at),
            format!("{}x", letter.attempts),
            format!("{}x", letter.retries),
            letter.at_stake.as_ref().map(amount).unwrap_or_default(),
            safe(&why(letter)).into_owned(),
        ]);
    }
    grid.lines()
}

/// What the queue said, and what the person who dropped it.
fn why(letter: &DeadLetter) -> String {
    let reason = letter.reason.clone().unwrap_or_default();
    match &letter.dropped {
        Some(dropped) => format!("dropped by {}: {} ({reason})", dropped.by, dropped.why),
        None => reason,
    }
}

fn more(not_listed: u64, what: &str) -> Option<String> {
    (not_listed > 0).then(|| format!("... {} (--limit 0 shows all)", counted(not_listed, what)))
}

/// `tieout dlq show GROUP`.
#[must_use]
pub fn dead_group(group: &GroupLine, letters: &[DeadLetter], not_listed: u64, look: &Look) -> String {
    let mut lines = table(std::slice::from_ref(group), look);
    lines.push(String::new());
    lines.extend(rows(letters, look));
    lines.extend(more(not_listed, "more event"));
    lines.push(String::new());
    let id = &group.group;
    lines.push(format!("Try two of them:  {}", look.command(&format!("dlq retry --group {id} --limit 2"))));
    lines.push(format!("Send all of them: {}", look.command(&format!("dlq retry --group {id}"))));
    lines.push(format!(
        "Never send them:  {}",
        look.command(&format!("dlq drop --group {id} --reason '...'"))
    ));
    page(&lines)
}

/// `tieout dlq show EVENT`.
#[must_use]
pub fn dead_letter(letter: &DeadLetter, origin: &Origin, finding: Option<&Finding>, look: &Look) -> String {
    let mut grid = Grid::new(2);
    for [label, what] in facts(letter, finding, look).into_iter().chain(made(origin)) {
        grid.row([label, safe(&what).into_owned()]);
    }
    let class = letter.class.as_deref().map(|class| format!(" ({class})")).unwrap_or_default();
    let head = format!("{}  {}{}", letter.event_id, letter.state.as_str(), safe(&class));
    let mut lines = vec![head];
    lines.extend(grid.lines());
    lines.extend(next(letter, look));
    page(&lines)
}

fn facts(letter: &DeadLetter, finding: Option<&Finding>, look: &Look) -> Vec<[String; 2]> {
    let about = finding.map_or_else(
        || "nothing is known of its finding".to_owned(),
        |finding| {
            format!("{}, {}, episode {}", finding.kind.as_str(), finding.state.as_str(), finding.episode)
        },
    );
    let facts = [
        ("finding", Some(format!("{}  ({about})", path(letter)))),
        ("type", Some(letter.event_type.clone())),
        ("queue", Some(letter.queue.clone())),
        ("reason", letter.reason.clone()),
        ("at stake", letter.at_stake.as_ref().map(|money| format!("{} {money}", money.currency))),
        (
            "attempts",
            Some(format!("{}, put back {}", letter.attempts, counted(letter.retries.into(), "time"))),
        ),
        ("staged", Some(format!("{} by run {}", look.at(letter.staged_at), letter.run_id))),
        ("first failed", letter.first_failed_at.map(|at| look.at(at))),
        (letter.state.as_str(), letter.finished_at.map(|at| look.at(at))),
        (
            "dropped",
            letter.dropped.as_ref().map(|drop| format!("{} by {}: {}", look.at(drop.at), drop.by, drop.why)),
        ),
    ];
    facts.into_iter().filter_map(|(label, what)| Some([label.to_owned(), what?])).collect()
}

/// How it came to be, as far as that is known.
fn made(origin: &Origin) -> impl Iterator<Item = [String; 2]> {
    let data = match (&origin.dataschema, origin.dataversion) {
        (Some(schema), Some(version)) => Some(format!("{schema}, version {version}")),
        (Some(schema), None) => Some(schema.clone()),
        (None, version) => version.map(|version| format!("version {version}")),
    };
    let parts = [
        ("data", data),
        ("trace", origin.traceparent.clone()),
        ("made by", origin.tool_version.as_ref().map(|version| format!("tieout {version}"))),
        ("definition", origin.definition_sha256.clone()),
    ];
    parts.into_iter().filter_map(|(label, what)| Some([label.to_owned(), what?]))
}

/// What happens next, and what a person can do.
fn next(letter: &DeadLetter, look: &Look) -> Vec<String> {
    if letter.state == OutboxState::Superseded && letter.was_refused() {
        let force = look.command(&format!("dlq retry {} --force", letter.event_id));
        return vec![format!("Nobody needs it any more. Send it all the same: {force}")];
    }
    if letter.state != OutboxState::Dead || letter.dropped.is_some() {
        return Vec::new();
    }
    let by_itself = match letter.retried_from() {
        Some(at) => format!("A run tries it again by itself from {} on", look.at(at)),
        None => "It stays until a person acts".to_owned(),
    };
    let id = letter.event_id;
    vec![
        format!("{by_itself}. Send it now: {}", look.command(&format!("dlq retry {id}"))),
        format!("Its whole group: {}", look.command(&format!("dlq show {}", letter.group().id()))),
    ]
}

/// `domain/key`, with the member of the fan-out where there is one.
fn path(letter: &DeadLetter) -> String {
    let id = &letter.id;
    let each = if id.each.as_str().is_empty() { String::new() } else { format!(" [{}]", id.each.as_str()) };
    safe(&format!("{}/{}{each}", id.domain, id.key.as_str())).into_owned()
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::instant::Instant;
    use tieout_reconcilers::key::Key;
    use tieout_reconcilers::money::Money;
    use uuid::Uuid;

    use super::*;
    use crate::finding::{Identity, State};
    use crate::report::text::samples;
    use crate::store::Dropped;

    fn minute(at: i64) -> Instant {
        Instant::from_micros((1_763_690_400 + at * 60) * 1_000_000)
    }

    fn letter(seq: i64, class: &str, reason: &str) -> DeadLetter {
        DeadLetter {
            seq,
            event_id: Uuid::from_u128(seq.unsigned_abs().into()),
            id: Identity {
                key: Key::checked(&format!("ch_{seq}")).unwrap(),
                ..samples::finding(State::Open).id
            },
            episode: 1,
            queue: "billing".to_owned(),
            event_type: "com.example.charge.created".to_owned(),
            state: OutboxState::Dead,
            class: Some(class.to_owned()),
            reason: Some(reason.to_owned()),
            attempts: 12,
            retries: 1,
            run_id: Uuid::nil(),
            staged_at: minute(0),
            due_at: minute(0),
            first_failed_at: Some(minute(seq)),
            finished_at: Some(minute(10 + seq)),
            dropped: None,
            at_stake: Some(Money { currency: "USD".into(), minor: seq.into() }),
        }
    }

    fn letters() -> Vec<DeadLetter> {
        vec![letter(1, "exhausted", "stale version 12"), letter(2, "exhausted", "stale version 7 \u{1b}[2J")]
    }

    fn group(letters: &[DeadLetter]) -> GroupLine {
        let mut group = GroupLine::begin(letters[0].group(), &letters[0]);
        letters[1..].iter().for_each(|letter| group.add(letter));
        group
    }

    #[test]
    fn dead_letters_are_told_by_cause_one_by_one_and_each_with_its_finding() {
        let (letters, look) = (letters(), Look::default());
        let dropped = DeadLetter {
            at_stake: None,
            dropped: Some(Dropped { at: minute(30), by: "ada".to_owned(), why: "closed".to_owned() }),
            ..letter(3, "poison", "no")
        };
        let finding = samples::finding(State::Open);
        let nothing = Origin::default();
        let origin = Origin {
            dataschema: Some("urn:tieout:schema:charge:v2".to_owned()),
            dataversion: Some(2),
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            tool_version: Some("0.3.0".to_owned()),
            definition_sha256: Some("5e".repeat(32)),
        };
        let told = [
            dead_groups(&[group(&letters)], 3, &look),
            dead_letters(&letters, 1, &look),
            dead_letters(std::slice::from_ref(&dropped), 0, &look),
            dead_group(&group(&letters), &letters, 0, &look),
            dead_letter(&letters[0], &origin, Some(&finding), &look),
            dead_letter(&DeadLetter { at_stake: None, ..letter(4, "poison", "no") }, &nothing, None, &look),
            dead_letter(&dropped, &nothing, Some(&finding), &look),
            dead_letter(
                &DeadLetter { state: OutboxState::Superseded, ..letter(5, "rejected", "no") },
                &nothing,
                Some(&finding),
                &look,
            ),
        ];
        insta::assert_snapshot!(told.join("\n---\n"));
    }
}
