//! What a call asks for cannot be understood, or cannot be meant.

use crate::report::codes::Code;

/// In the order of the alphabet.
pub(super) const OF_CALLS: &[Code] = &[
    Code {
        code: "against",
        exits: &[2],
        means: "the folder behind `schemas check --against` cannot be read",
        help: "name a folder of schemas",
    },
    Code {
        code: "all_excluded",
        exits: &[2],
        means: "`--exclude` leaves out every domain that is selected, and a command that does nothing is no success",
        help: "exclude less, or select more",
    },
    Code {
        code: "args",
        exits: &[2],
        means: "what stands behind `--` of `generate k8s-job` is no call of tieout",
        help: "write it as you would behind `tieout`",
    },
    Code {
        code: "bad_pattern",
        exits: &[2],
        means: "a pattern of domains cannot be read",
        help: "write a glob such as `'stripe.*'`, in quotes",
    },
    Code {
        code: "domain",
        exits: &[2],
        means: "the name of a domain does not say which provider and feed `new --template` is to make",
        help: "write both, with a dot between them, such as `shop.orders`",
    },
    Code {
        code: "empty_range",
        exits: &[2],
        means: "nothing lies between `--since` and `--until`",
        help: "name a later end or an earlier beginning",
    },
    Code {
        code: "expected_differs",
        exits: &[2],
        means: "what is held is another number than `--expect` says",
        help: "look at it again; the message has the command with the right number",
    },
    Code {
        code: "format",
        exits: &[2],
        means: "the command does not write this format",
        help: "choose another `--format`; the message names one",
    },
    Code {
        code: "from",
        exits: &[2],
        means: "the file behind `--from` cannot be read",
        help: "name the file of a CronJob, or give it on standard input",
    },
    Code {
        code: "keys_from",
        exits: &[2],
        means: "a line of the list behind `--keys-from` cannot be read, or the list cannot",
        help: "mend the line that the message names",
    },
    Code {
        code: "no_cronjob",
        exits: &[2],
        means: "what `generate k8s-job` reads is no CronJob that runs tieout",
        help: "give it the CronJob as Kubernetes has it, in JSON: `kubectl get cronjob NAME -o json`",
    },
    Code {
        code: "no_findings",
        exits: &[2],
        means: "the list of findings is empty",
        help: "name findings, or leave the list out",
    },
    Code {
        code: "no_keys",
        exits: &[2],
        means: "the list behind `--keys-from` names no key",
        help: "name keys, or leave the list out: a run that looks at nothing is no success",
    },
    Code {
        code: "not_back",
        exits: &[2],
        means: "`state rewind` names a time at which nothing was verified yet, so nothing would change",
        help: "name an earlier time",
    },
    Code {
        code: "not_confirmed",
        exits: &[2],
        means: "the question was not answered with yes",
        help: "say `--yes`, or `--dry-run` to only look",
    },
    Code {
        code: "order",
        exits: &[2],
        means: "the run that `report diff` names first began later than the other",
        help: "swap them",
    },
    Code {
        code: "plan",
        exits: &[2],
        means: "a plan was named where a run is wanted",
        help: "name a run; `tieout report list` shows which is which",
    },
    Code {
        code: "settle",
        exits: &[2],
        means: "`--settle` is shorter than what a domain says of its items",
        help: "leave it out, or change `policy: {settle: ...}` of the domain where that is meant",
    },
    Code {
        code: "stdin",
        exits: &[2],
        means: "standard input cannot be read, is too long, or has a line that is no id",
        help: "mend the line that the message names",
    },
    Code {
        code: "too_many",
        exits: &[2],
        means: "more were named at once than a command takes",
        help: "name fewer at a time",
    },
    Code {
        code: "usage",
        exits: &[2],
        means: "the command line cannot be understood",
        help: "`tieout help COMMAND` shows what there is",
    },
    Code {
        code: "which",
        exits: &[2],
        means: "nothing says which entries are meant",
        help: "name ids, a group or filters, or say `--all`",
    },
];
