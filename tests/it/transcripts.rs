//! Every command that the documents show is understood, and what they show of its output is what it says: blocks of the language
//! `console` are carried out, line by line, in a world of their page.
//!
//! The line before a block may say more: `<!-- run: WORLD -->` names a world, `<!-- exits: 4 0 -->` the exit codes of its commands
//! where they are not all 0, and `<!-- not run: REASON -->` leaves it out. A command without any output is not compared, a line `...`
//! stands for whatever comes there, and times, ids, durations and the width of columns are not compared.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser as _;
use regex_lite::Regex;

use crate::docs;
use crate::world::{World, charge};

/// Stands between the outputs of commands: nothing prints it.
const END: char = '\u{1e}';

/// A command, and what the page shows of its output.
#[derive(Default)]
struct Step {
    command: String,
    shown: Vec<String>,
}

struct Block {
    /// Such as `docs/findings.md:52`.
    place: String,
    world: String,
    exits: Vec<i32>,
    not_run: Option<String>,
    steps: Vec<Step>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The pages of the book and the README, as paths from the root.
fn pages() -> Vec<String> {
    let pages = docs::pages().into_iter().map(|page| format!("docs/{page}"));
    pages.chain(["README.md".to_owned()]).collect()
}

/// The `console` blocks of a page.
fn blocks(page: &str) -> Vec<Block> {
    let text = std::fs::read_to_string(root().join(page)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| line.trim() == "```console").map(|(at, _)| at);
    starts
        .map(|at| {
            let marks =
                lines[..at].iter().rev().map_while(|line| line.strip_prefix("<!-- ")?.strip_suffix(" -->"));
            let marks: BTreeMap<&str, &str> = marks.filter_map(|mark| mark.split_once(": ")).collect();
            let mut steps: Vec<Step> = Vec::new();
            for line in lines[at + 1..].iter().take_while(|line| line.trim() != "```") {
                match line.strip_prefix("$ ") {
                    Some(command) => steps.push(Step { command: command.to_owned(), ..Step::default() }),
                    None => steps.last_mut().expect("a command").shown.push((*line).to_owned()),
                }
            }
            let exits =
                marks.get("exits").map(|exits| exits.split(' ').map(|exit| exit.parse().unwrap()).collect());
            Block {
                place: format!("{page}:{}", at + 1),
                world: (*marks.get("run").unwrap_or(&"found")).to_owned(),
                exits: exits.unwrap_or_else(|| vec![0; steps.len()]),
                not_run: marks.get("not run").map(|reason| (*reason).to_owned()),
                steps,
            }
        })
        .collect()
}

/// What was made for a page, and the names that pages have for what has another one every time.
struct Stage {
    world: World,
    names: Vec<(&'static str, String)>,
}

/// A queue whose owner refuses events about a charge.
const PICKY: &str = "CREATE TABLE tieout_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL CHECK (subject <> 'ch_2'), event TEXT NOT NULL,
    enqueued_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), consumed_at TEXT)";

/// A domain `stripe.charges` of which two charges were lost, in the state that a page is about.
async fn stage(name: &str) -> Stage {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "domain: shop.charges", "domain: stripe.charges");
    world.edit("charges.yaml", "queue: shop", "queue: billing");
    world.edit(
        "tieout.yaml",
        "{shop: {sqlite",
        "{billing-2: {ndjson: {path: second.ndjson}}, billing: {sqlite",
    );
    world.upstream(&charge("ch_1", 30, 12_000));
    world.upstream(&charge("ch_2", 6, 500));
    let mut stage = Stage { world, names: Vec::new() };
    match name {
        "fresh" => return stage,
        "found" => {
            stage.expect(&["run"], 0);
            std::fs::create_dir(stage.world.path().join("published")).unwrap();
        }
        "held" => {
            (3..=12).for_each(|at| stage.world.upstream(&charge(&format!("ch_{at}"), 6, 500)));
            stage.expect(&["run", "--max-emits", "5"], 5);
        }
        "dead" | "mended" => {
            stage.world.queue(PICKY).await;
            stage.expect(&["run"], 3);
            if name == "mended" {
                stage.world.queue("DROP TABLE tieout_events").await;
            }
            stage.knows("7f3a", &["dlq", "list"], "group");
            stage.knows("0199c3c0-93f2-5d0e-9a5c-3f0f10b4a6b1", &["dlq", "list", "--flat"], "event_id");
        }
        "unreadable" => {
            let mut nameless = charge("x", 7, 500);
            nameless.as_object_mut().unwrap().remove("id");
            stage.world.upstream(&nameless);
            stage.expect(&["run"], 3);
            stage.knows("7f3a90c1", &["quarantine", "list"], "id");
        }
        other => panic!("there is no world `{other}`"),
    }
    stage.knows("019ac9c5", &["report", "list"], "run_id");
    stage
}

impl Stage {
    fn expect(&self, args: &[&str], code: i32) {
        let outcome = self.world.tieout(args);
        assert_eq!(outcome.code, code, "{args:?}: {outcome:?}");
    }

    /// A page calls it `name`; it is the first value under a word that a command tells.
    fn knows(&mut self, name: &'static str, args: &[&str], word: &str) {
        let told = self.world.tieout(&[args, &["-o", "jsonl"]].concat()).stdout;
        let first: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        self.names.push((name, first[word].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()));
    }

    /// Carries a block out in one shell, and says what is not as the page has it.
    fn play(&self, block: &Block) -> String {
        let script = block.steps.iter().fold(String::new(), |script, step| {
            let command = self.named(plain(&step.command));
            script + &format!("{command}\nprintf '\\036%d\\036' $?; printf '\\036' >&2\n")
        });
        let binary = Path::new(env!("CARGO_BIN_EXE_tieout")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(self.world.path()).stdin(Stdio::null());
        let output = shell.env("PATH", path).env("TIEOUT_USER", "ada").output().unwrap();
        let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let (mut said, mut faults) = (stdout.split(END), String::new());
        for ((step, exit), stderr) in block.steps.iter().zip(&block.exits).zip(stderr.split(END)) {
            let (stdout, code) = (said.next().unwrap_or_default(), said.next().unwrap_or_default());
            let told = if stdout.trim().is_empty() { stderr } else { stdout };
            if code != exit.to_string() || !self.shows(&step.shown, told) {
                let _ = write!(
                    faults,
                    "\n{} $ {}\nexit code {code}, not {exit}, and it says:\n{stdout}{stderr}",
                    block.place, step.command
                );
            }
        }
        faults
    }

    /// A text of a page, with the names that things have here.
    fn named(&self, text: String) -> String {
        self.names.iter().fold(text, |text, (name, is)| text.replace(name, is))
    }

    /// Whether what a page shows is what was said.
    fn shows(&self, shown: &[String], said: &str) -> bool {
        let part = |lines: &[String]| regex_lite::escape(&self.named(comparable(&lines.join("\n"))));
        let parts: Vec<String> = shown.split(|line| line == "...").map(part).collect();
        let pattern = format!("(?s)^{}$", parts.join(".*"));
        shown.is_empty() || Regex::new(&pattern).unwrap().is_match(&comparable(said))
    }
}

/// A command of a page, with the program that was built for the tests.
fn plain(command: &str) -> String {
    command.replace("cargo run --release -- ", "tieout ").replace("target/release/tieout ", "tieout ")
}

/// A text without what is different every time.
fn comparable(text: &str) -> String {
    let rules = [
        (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
        (r"\b[0-9a-f]{32}\b", "HASH"),
        (r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z?)?", "TIME"),
        (r"\b\d\d:\d\d(:\d\d)?Z?\b", "TIME"),
        (r"127\.0\.0\.1:\d+", "ADDRESS"),
        (r"\b(\d+(\.\d+)?(ms|s|m|h|d) ?)+\b", "TOOK"),
        (r"\b\d+\.\d\b", "SECONDS"),
        (r"[ \t]+", " "),
        (r"(?m)^ | $", ""),
    ];
    let replaced = rules.iter().fold(text.to_owned(), |text, (rule, by)| {
        Regex::new(rule).unwrap().replace_all(&text, *by).into_owned()
    });
    replaced.trim().to_owned()
}

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
    pages().into_iter().for_each(|page| drop(playing.spawn(play(page))));
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
    let (mut run, mut not_run) = (0, 0);
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
            not_run += 1;
            left_out.entry(reason).or_insert_with(Vec::new).push(page.clone());
        }
    }
    insta::assert_debug_snapshot!((run, not_run, left_out));
}
