//! The whole tree of commands says how it is used: every command, every flag, every example.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, Command, CommandFactory as _, Parser as _};

use super::Cli;

/// Why a flag has no variable, and which flags that is true of: anywhere, or of one command.
const WITHOUT_A_VARIABLE: &[(&str, &[&str])] = &[
    ("it is asked once", &["--help", "--version"]),
    ("TIEOUT_LOG says it", &["--verbose"]),
    ("Kubernetes says it, in JOB_COMPLETION_INDEX", &["--job-index"]),
    (
        "whoever agrees agrees to what they see now",
        &["--yes", "--force", "--overwrite", "--all", "--expect", "--update"],
    ),
    ("somebody who sets it expects that `run` sends nothing, and `run` knows no such word", &["--dry-run"]),
    ("it is what a person says of one act", &["--reason", "--note", "--text"]),
    (
        "it is a file of one call, or how long that file is good for",
        &["--out", "--from", "--keys-from", "--expires"],
    ),
    (
        "what is made once stands in the call that makes it",
        &["--feed", "--template", "new --table", "--database"],
    ),
    (
        "what a call is about stands in the call: a variable that was forgotten would have it read, list, send or change \
         something else, and say nothing",
        &[
            "--select",
            "--exclude",
            "--key",
            "--full",
            "--since",
            "--until",
            "--pages",
            "--redact",
            "--window",
            "--resume",
            "--cancel",
            "--failed",
            "--plan",
            "--each",
            "--to",
            "--domain",
            "--queue",
            "--group",
            "--class",
            "--error",
            "--kind",
            "--state",
            "--cause",
            "--older-than",
            "--dropped",
            "--gone",
            "--over",
            "--due",
            "--type",
            "--run",
            "--after",
            "--jq",
            "--keep",
            "--keep-last",
            "findings list --owner",
            "dlq retry --limit",
            "dlq drop --limit",
            "quarantine retry --limit",
            "quarantine drop --limit",
            "replay --limit",
            "schemas sizes --limit",
        ],
    ),
    (
        "units and Jobs are made by hand, from a line that says everything about them",
        &[
            "--on-calendar",
            "--random-delay",
            "--binary",
            "--config-file",
            "--credential",
            "--container",
            "generate systemd --name",
            "--beside",
        ],
    ),
];

/// Every command below the root by its path, such as `dlq list`, in the order of the help.
fn commands() -> Vec<(String, Command)> {
    fn below(command: &Command, path: &str, all: &mut Vec<(String, Command)>) {
        for child in command.get_subcommands().filter(|child| child.get_name() != "help") {
            let path = format!("{path} {}", child.get_name()).trim_start().to_owned();
            all.push((path.clone(), child.clone()));
            below(child, &path, all);
        }
    }
    let mut root = Cli::command();
    root.build();
    let mut all = Vec::new();
    below(&root, "", &mut all);
    all
}

/// Every flag by its command's path.
fn flags() -> Vec<(String, Arg)> {
    let of = |(path, command): (String, Command)| {
        let flags: Vec<Arg> = command.get_arguments().filter(|arg| !arg.is_positional()).cloned().collect();
        flags.into_iter().map(move |flag| (path.clone(), flag))
    };
    commands().into_iter().flat_map(of).collect()
}

fn long(flag: &Arg) -> String {
    format!("--{}", flag.get_long().unwrap_or_else(|| panic!("{} has no long form", flag.get_id())))
}

/// The calls of tieout in a line of a shell, each as its words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("a quote is open: {line}"));
    let calls = words.split(|word| word == "|").map(|call| call.split(|word| word == ">").next().unwrap());
    calls.filter(|call| call[0] == "tieout").map(<[String]>::to_vec).collect()
}

/// The examples in a text of help, without what is said about them.
fn examples(help: &str) -> Vec<&str> {
    let lines = help.lines().filter_map(|line| line.strip_prefix("  "));
    lines.map(|line| line.split("  ").next().unwrap()).collect()
}

#[test]
fn every_command_has_two_or_three_examples_that_are_understood() {
    for (path, command) in commands() {
        let help = command.get_after_help().unwrap_or_else(|| panic!("{path} has no example")).to_string();
        let examples = examples(&help);
        assert!((2..=3).contains(&examples.len()), "{path}: {examples:?}");
        assert!(examples[0].contains(&format!("tieout {path}")), "{path}: {examples:?}");
        for example in examples {
            let calls = calls(example);
            assert!(!calls.is_empty(), "{path}: {example}");
            for call in calls {
                if let Err(error) = Cli::try_parse_from(&call) {
                    panic!("{path}: {example}: {error}");
                }
            }
        }
    }
}

#[test]
fn the_long_help_of_every_command_leads_to_a_page_of_the_manual() {
    let contents = include_str!("../../docs/SUMMARY.md");
    for (path, command) in commands() {
        let [short, long] = [command.get_after_help(), command.get_after_long_help()]
            .map(|help| help.unwrap_or_else(|| panic!("{path} says nothing")).to_string());
        let rest = long.strip_prefix(&short).and_then(|rest| rest.split_once("on its page \""));
        let page = rest.and_then(|(_, rest)| rest.strip_suffix("\"."));
        let page = page.unwrap_or_else(|| panic!("{path} leads nowhere"));
        assert!(contents.contains(&format!("- [{page}](")), "{path}: there is no page {page}");
    }
}

#[test]
fn every_argument_says_what_it_is() {
    for (path, command) in commands() {
        for arg in command.get_arguments() {
            let name = format!("{path} {}", arg.get_id());
            assert!(arg.get_help().is_some_and(|help| !help.to_string().is_empty()), "{name} says nothing");
        }
    }
}

#[test]
fn every_flag_has_a_long_form_and_a_variable_or_a_reason_to_have_none() {
    let reasons: BTreeSet<&str> = WITHOUT_A_VARIABLE.iter().flat_map(|(_, flags)| *flags).copied().collect();
    let mut used = BTreeSet::new();
    for (path, flag) in flags() {
        let (anywhere, here) = (long(&flag), format!("{path} {}", long(&flag)));
        let exempt = [anywhere.as_str(), &here].into_iter().find_map(|name| reasons.get(name));
        used.extend(exempt);
        let variable =
            flag.get_env().and_then(|name| name.to_str()).filter(|name| name.starts_with("TIEOUT_"));
        assert!(variable.is_some() != exempt.is_some(), "{here}: {variable:?}, {exempt:?}");
    }
    assert_eq!(reasons, used, "a reason for what is not there");
}

#[test]
fn a_variable_means_the_same_wherever_it_is_heard() {
    let mut meanings: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, flag) in flags() {
        let Some(variable) = flag.get_env() else { continue };
        let takes = flag.get_value_names().filter(|_| flag.get_action().takes_values());
        let takes = takes.map(|names| names.join(" ")).unwrap_or_default();
        let meaning = format!("{} {takes}", long(&flag)).trim_end().to_owned();
        meanings.entry(variable.to_string_lossy().into_owned()).or_default().insert(meaning);
    }
    for (variable, meanings) in &meanings {
        assert_eq!(meanings.len(), 1, "{variable} means several things: {meanings:?}");
    }
    let lines =
        meanings.into_iter().map(|(name, of)| format!("{name:<26}{}", of.into_iter().collect::<String>()));
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn shared_flags_work_before_and_after_the_command_and_in_their_short_form() {
    let root = Cli::command();
    let parse =
        |words: Vec<String>| Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
    let mut count = 0;
    for flag in root.get_arguments().filter(|arg| arg.is_global_set()) {
        let value = flag.get_action().takes_values().then(|| {
            flag.get_possible_values()
                .last()
                .map_or_else(|| "UTC".to_owned(), |value| value.get_name().to_owned())
        });
        let forms = [Some(long(flag)), flag.get_short().map(|short| format!("-{short}"))];
        let words = forms.into_iter().flatten().map(|form| [Some(form), value.clone()].into_iter().flatten());
        let calls = words.flat_map(|words| {
            let (tieout, status) = (["tieout".to_owned()], ["report".to_owned(), "list".to_owned()]);
            [
                tieout.iter().cloned().chain(words.clone()).chain(status.clone()).collect(),
                tieout
                    .iter()
                    .chain(&status[..1])
                    .cloned()
                    .chain(words.clone())
                    .chain(status[1..].to_vec())
                    .collect(),
                tieout.into_iter().chain(status).chain(words).collect(),
            ]
        });
        let parsed: Vec<Cli> = calls.map(parse).collect();
        assert!(parsed.iter().all(|cli| *cli == parsed[0]), "{}: {parsed:?}", flag.get_id());
        count += 1;
    }
    assert!(count >= 6, "{count} shared flags");
}
