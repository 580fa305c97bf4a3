//! What a disturbance may cost: the ids stay what they are, and a kill repeats no more than the pages of the step that it struck and two
//! look-ups of what it had found.

use super::Reference;
use crate::play::Play;
use crate::provider::Asked;

pub(super) fn judge(play: &mut Play<'_>, reference: &Reference) {
    let played = &mut play.played;
    let changed = played.events.difference(&reference.events).count();
    if changed > 0 {
        played
            .wrong
            .duplicate(format!("{changed} events have ids that the undisturbed story does not give them"));
    }
    // Who waits for a database asks again as often as the rules of retries say.
    if play.case.points.iter().any(|point| !point.is_kill()) {
        return;
    }
    let usual = sum(reference.requests.values());
    let repeated = sum(play.case.points.iter().filter_map(|point| reference.requests.get(&point.step)));
    let asked = sum(played.requests.values());
    // What was found before a kill is looked up as what is followed, and once more where the list still shows it.
    for (what, asked, most) in [
        ("pages", asked.pages, usual.pages * 12 / 10 + repeated.pages),
        ("look-ups", asked.others, usual.others * 12 / 10 + repeated.others * 2),
    ] {
        if asked > most {
            played.wrong.false_(format!("{asked} {what} were asked for where {most} are enough"));
        }
    }
}

fn sum<'a>(all: impl Iterator<Item = &'a Asked>) -> Asked {
    let mut sum = Asked::default();
    all.for_each(|asked| sum += *asked);
    sum
}
