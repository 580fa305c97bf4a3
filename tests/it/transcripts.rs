//! Every command that the documents show is understood, and what they show of its output is what it says: blocks of the language
//! `console` are carried out, line by line, in a world of their page.
//!
//! The line before a block may say more: `<!-- run: WORLD -->` names a world, `<!-- exits: 4 0 -->` the exit codes of its commands
//! where they are not all 0, and `<!-- not run: REASON -->` leaves it out. A command without any output is not compared, a line `...`
//! stands for whatever comes there, and times, ids, durations and the width of columns are not compared.

use std::collections::BTreeMap;

use clap::Parser as _;

use page::{blocks, pages, plain, root};
use stage::{Stage, stage};

mod page;
mod stage;

async fn play(page: String) -> String {
    let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
    let mut faults = String::new();
    for block in blocks(&page).into_iter().filter(|block| block.not_run.is_none()) {
        if !stages.contains_key(&block.world) {
            stages.insert(block.world.clone(), stage(&block.world).await);
        }
        faults += &stages[&block.world].play(&block);
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_documents_show_is_what_happens() {
    let mut playing = tokio::task::JoinSet::new();
    for page in pages() {
        playing.spawn(play(page));
    }
    let faults = playing.join_all().await.concat();
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn every_call_in_the_documents_is_understood() {
    let mut count = 0;
    for block in pages().iter().flat_map(|page| blocks(page)) {
        for step in &block.steps {
            for call in calls(&plain(&step.command)) {
                count += 1;
                if let Err(error) = tieout::cli::Cli::try_parse_from(call) {
                    panic!("{} $ {}: {error}", block.place, step.command);
                }
            }
        }
    }
    assert!(count > 50, "{count}");
}

/// The calls of tieout in a line of a shell, each as its words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = shlex::split(line).unwrap_or_else(|| panic!("a quote is open: {line}"));
    let calls = words
        .split(|word| word == "|" || word == "&&")
        .map(|call| call.split(|word| word == ">").next().unwrap());
    calls.filter(|call| call.first().is_some_and(|word| word == "tieout")).map(<[String]>::to_vec).collect()
}

#[test]
fn what_is_not_run_says_why_and_commands_stand_in_no_other_blocks() {
    let mut left_out = BTreeMap::new();
    let mut run = 0;
    for page in pages() {
        let text = std::fs::read_to_string(root().join(&page)).unwrap();
        for other in ["```sh\n", "```bash\n", "```shell\n"] {
            assert!(
                !text.contains(other),
                "{page}: write {other:?} as ```console, with `$ ` before commands"
            );
        }
        for block in blocks(&page) {
            let Some(reason) = block.not_run else {
                run += 1;
                continue;
            };
            left_out.entry(reason).or_insert_with(Vec::new).push(page.clone());
        }
    }
    assert!(run >= 30, "{run} blocks are run");
    insta::assert_debug_snapshot!(left_out);
}
