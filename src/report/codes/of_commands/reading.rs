//! What a provider is asked for cannot be read, or not be recorded.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_READING: &[Code] = &[
    Code {
        code: "more_pages",
        exits: &[2],
        means: "the range of `record` has more pages than were wanted, and nothing was written",
        help: "take a shorter `--window`, or more `--pages`",
    },
    Code {
        code: "no_member",
        exits: &[1, 3, 7],
        means: "the feed that names the members cannot be read",
        help: "the message says why; look at that feed with `tieout preview`",
    },
    Code {
        code: "no_members",
        exits: &[1],
        means: "the feed that names the members has none",
        help: "look at that feed with `tieout preview`",
    },
    Code {
        code: "no_page",
        exits: &[1, 3, 7],
        means: "the page cannot be read",
        help: "the message says what is wrong with it",
    },
    Code {
        code: "not_recorded",
        exits: &[1, 3, 7],
        means: "what was to be recorded could not be read to its end, and nothing was written",
        help: "the message says why; `tieout probe` and `tieout check --online` say more",
    },
    Code {
        code: "provider",
        exits: &[1, 2, 3, 7],
        means: "the provider cannot be asked",
        help: "the message says why; `tieout check --online` tries every provider",
    },
    Code {
        code: "secret_left",
        exits: &[2],
        means: "something in a recording looks like a secret, and nothing was written",
        help: "take it out by `--redact NAME`, the name of the member or column that it stands in",
    },
    Code {
        code: "starts_a_job",
        exits: &[2],
        means: "asking for a page of this feed would begin an export",
        help: "try it with `tieout plan DOMAIN` and a short range",
    },
];
