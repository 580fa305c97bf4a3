//! What the help says besides the flags: examples that can be pasted, the page to read on, and the table of exit codes.

use std::fmt::Write as _;

mod definitions;
mod events;
mod findings;
mod made;
mod runs;
mod state;

pub(super) use definitions::*;
pub(super) use events::*;
pub(super) use findings::*;
pub(super) use made::*;
pub(super) use runs::*;
pub(super) use state::*;

/// The pages of the manual by their titles: an installed program is not beside their files.
const CONTENTS: &str = include_str!("../../../docs/SUMMARY.md");

/// What stands below the flags of one command.
pub(super) struct Help {
    /// Calls, and what they are for.
    examples: &'static [(&'static str, &'static str)],
    /// The page of the manual that says more, below `docs/`.
    page: &'static str,
}

impl Help {
    /// For `-h`: the examples.
    pub(super) fn short(&self) -> String {
        let mut text = "Examples:".to_owned();
        for (call, what_for) in self.examples {
            let _ = write!(text, "\n  {call:<44}  {what_for}");
        }
        text
    }

    /// For `--help`: also where to read on.
    pub(super) fn long(&self) -> String {
        format!("{}\n\nThe manual says more on its page \"{}\".", self.short(), self.title())
    }

    fn title(&self) -> &'static str {
        let entry = CONTENTS.lines().find_map(|line| line.strip_suffix(&format!("]({})", self.page)));
        entry.and_then(|entry| entry.strip_prefix("- [")).unwrap_or(self.page)
    }
}

pub(super) const ROOT: &str = "\
Examples:
  tieout demo                      watch it work, without network or account
  tieout init recon                make a folder that works at once, to go on from
  tieout plan                      show what would be emitted; send nothing
  tieout run --config tieout.yaml  compare, emit, report: what a nightly cron line calls

`tieout --help` lists the exit codes.";

pub(super) const ROOT_LONG: &str = "\
Examples:
  tieout demo                      watch it work, without network or account
  tieout init recon                make a folder that works at once, to go on from
  tieout plan                      show what would be emitted; send nothing
  tieout run --config tieout.yaml  compare, emit, report: what a nightly cron line calls

Exit codes, the same in every command (treat one you do not know as a failure):
  0    done: everything in scope was read to the end; differences, if any, were emitted
  1    failed: no domain finished, or the state store cannot be reached     try again
  2    the command line, the selection or a definition is wrong             a person must act
  3    partial: something failed in a way that a retry may fix              try again
  4    plan would send something; differences (run --detailed-exitcode, --fail-on)
  5    a safety limit holds events back                                     a person must act
  6    another run works on a domain (--if-locked skip or join makes it 0, wait waits)
  7    a provider, a database or a queue refuses: credentials, a right      a person must act
  130  interrupted (SIGINT); what was done is kept                          try again
  143  terminated (SIGTERM); what was done is kept                          try again
Where several apply, the first of 130, 143, 2, 6, 1, 3, 7, 5, 4 wins; the JSON report lists all.

Results go to stdout, progress and logs to stderr. Logs follow two variables:
  TIEOUT_LOG         error, warn, info, debug or trace; warn when left out
  TIEOUT_LOG_FORMAT  text or json

`tieout explain CODE` says what the code of an error or of a reason means.
The manual begins with its page \"From clone to every night\".";
