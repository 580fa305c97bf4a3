//! Reports for people: plain text, one function per thing that is shown. Everything that came from outside is escaped.
//!
//! Nothing here writes anywhere, looks at a terminal or reads a clock.

mod approved;
mod carried_out;
mod closing;
mod code;
mod dead_letters;
mod dead_outcome;
mod diff;
mod due;
mod escape;
mod funnel;
mod grid;
mod kept_reports;
mod listing;
mod lists;
mod lives;
mod look;
mod markdown;
mod markup;
mod named;
mod next_steps;
mod note;
mod one_finding;
mod plan;
mod preview;
mod quarantine;
mod replays;
mod run;
mod schedule;
mod schemas;
mod scope;
mod settings;
mod show;
mod state;
mod times;
mod touched;
mod trials;

pub use approved::approved;
pub use code::code;
pub use dead_letters::{dead_group, dead_groups, dead_letter, dead_letters};
pub use dead_outcome::{chosen, dropped, exported, nothing_due, retried};
pub use diff::diff;
pub use due::due;
pub use escape::safe;
pub use kept_reports::{exported_findings, pruned};
pub use lists::{approval, checks, findings, runs, status};
pub use look::Look;
pub(crate) use look::shell_word;
pub use markdown::markdown;
pub use next_steps::next_commands;
pub use one_finding::{explain, finding};
pub use plan::{plan, saved_plan};
pub use preview::preview;
pub use quarantine::{quarantine, quarantine_accepted, quarantine_entry, quarantine_reopened};
pub use replays::{replay, replay_cancelled, replayed, replays};
pub use run::{brief, domain, ending, run, verdict};
pub use schedule::{journal, pause_changed, paused};
pub use schemas::{compared, schemas, sizes};
pub use settings::settings;
pub use show::show;
pub use state::{rewound, state, unlocked};
pub use trials::trials;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
