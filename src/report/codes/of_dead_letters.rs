//! Why an event was given up.

use super::Code;

/// In the order of the alphabet.
pub(super) const OF_DEAD_LETTERS: &[Code] = &[
    Code {
        code: "exhausted",
        exits: &[],
        means: "the delivery of an event failed twelve times",
        help: "a run sends it again by itself, for a while; then `tieout dlq retry`",
    },
    Code {
        code: "poison",
        exits: &[],
        means: "the queue cannot hold what is in an event, such as U+0000 in `jsonb`",
        help: "choose another mode or queue, or drop it",
    },
    Code {
        code: "rejected",
        exits: &[],
        means: "the queue refuses an event: a check, a trigger, a rule of yours",
        help: "mend what refuses it, then `tieout dlq retry`",
    },
    Code {
        code: "schema",
        exits: &[],
        means: "what an event carries breaks the schema that its domain names; it was never sent",
        help: "mend the schema or the provider's data, then `tieout dlq retry`",
    },
    Code {
        code: "too_large",
        exits: &[],
        means: "an event is larger than its queue takes",
        help: "raise the limit of the queue, or send less with `data: thin` or an expression",
    },
    Code {
        code: "unroutable",
        exits: &[],
        means: "nothing took an event for half a minute: no binding, no stream",
        help: "make what takes it; a run sends it again by itself, for a while",
    },
];
