//! The worlds that pages are about, and a shell in one of them.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use regex_lite::Regex;
use wiremock::matchers::method;
use wiremock::{Mock, ResponseTemplate};

use super::page::{Block, comparable, plain, root};
use crate::world::{World, charge};

/// Stands between the outputs of commands: nothing prints it.
const END: char = '\u{1e}';

/// What was made for a page, and the names that pages have for what has another one every time.
pub(super) struct Stage {
    world: World,
    /// Where commands are called, below the world's folder.
    at: &'static str,
    names: Vec<(&'static str, String)>,
}

/// A queue whose owner refuses events about a charge.
const PICKY: &str = "CREATE TABLE tieout_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL CHECK (subject <> 'ch_2'), event TEXT NOT NULL,
    enqueued_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), consumed_at TEXT)";

/// A domain `stripe.charges` of which two charges were lost, in the state that a page is about.
pub(super) async fn stage(name: &str) -> Stage {
    let world = World::agreeing(3).await;
    world.edit("charges.yaml", "domain: shop.charges", "domain: stripe.charges");
    world.edit("charges.yaml", "queue: shop", "queue: billing");
    world.edit(
        "tieout.yaml",
        "{shop: {sqlite",
        "{billing-2: {ndjson: {path: second.ndjson}}, billing: {sqlite",
    );
    let ops = Mock::given(method("POST")).respond_with(ResponseTemplate::new(204));
    ops.mount(&world.api.server).await;
    let config = std::fs::read_to_string(world.path().join("tieout.yaml")).unwrap();
    let hook = format!("{}/digests", world.api.server.uri());
    world.write("tieout.yaml", &format!("{config}notify: {{ops: {{webhook: {{url: \"{hook}\"}}}}}}\n"));
    world.upstream(&charge("ch_1", 30, 12_000));
    world.upstream(&charge("ch_2", 6, 500));
    let mut stage = Stage { world, at: "", names: Vec::new() };
    match name {
        "fresh" => return stage,
        "tested" => {
            stage.is_tested();
            return stage;
        }
        "empty" => {
            stage.at = "empty";
            std::fs::create_dir(stage.world.path().join(stage.at)).unwrap();
            return stage;
        }
        "found" => {
            stage.expect(&["run"], 0);
            std::fs::create_dir(stage.world.path().join("published")).unwrap();
        }
        "tagged" => {
            let domain = std::fs::read_to_string(stage.world.path().join("charges.yaml")).unwrap();
            let about = |name: &str, owner: &str, tags: &str| {
                let text = domain.replace("stripe.charges", name);
                let text = text.replace("feed:", &format!("owner: {owner}@example.com\ntags: {tags}\nfeed:"));
                stage.world.write(&format!("{name}.yaml"), &text);
            };
            about("stripe.charges", "payments", "[money, cards]");
            about("stripe.refunds", "refunds", "[money]");
            about("shop.orders", "shop", "[]");
            std::fs::remove_file(stage.world.path().join("charges.yaml")).unwrap();
            return stage;
        }
        "held" => {
            (3..=12).for_each(|at| stage.world.upstream(&charge(&format!("ch_{at}"), 6, 500)));
            stage.expect(&["run", "--max-emits", "5"], 5);
        }
        "dead" | "mended" | "passing" => {
            stage.world.queue(PICKY).await;
            stage.expect(&["run"], 3);
            if name != "dead" {
                stage.world.queue("DROP TABLE tieout_events").await;
            }
            if name == "passing" {
                let died = chrono::Utc::now() - chrono::TimeDelta::hours(2);
                let died = died.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
                let passing = format!("SET class = 'exhausted', finished_at = '{died}' WHERE state = 'dead'");
                stage.world.state(&format!("UPDATE outbox {passing}")).await;
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

    /// Gives the domain the tests that the page about testing shows, on the pages of the demo.
    fn is_tested(&self) {
        let world = &self.world;
        std::fs::create_dir_all(world.path().join("fixtures/two-pages")).unwrap();
        let pages = [
            include_str!("../../../src/demo/files/fixtures/charges/page-1.json"),
            include_str!("../../../src/demo/files/fixtures/charges/page-2.json"),
        ];
        for (at, page) in pages.iter().enumerate() {
            let name = format!("fixtures/two-pages/page-{}.json", at + 1);
            world.write(&name, &page.replace("\"100\"", "\"10\""));
        }
        let rows = include_str!("../../../src/demo/files/fixtures/charges/rows.csv");
        world.write("fixtures/two-pages/rows.csv", rows);
        let page = std::fs::read_to_string(root().join("docs/testing.md")).unwrap();
        let tests = &page[page.find("tests:\n").unwrap()..];
        let tests = &tests[..tests.find("```").unwrap()];
        let domain = std::fs::read_to_string(world.path().join("charges.yaml")).unwrap();
        world.write("charges.yaml", &(domain + tests));
    }

    /// A page calls it `name`; it is the first value under a word that a command tells.
    fn knows(&mut self, name: &'static str, args: &[&str], word: &str) {
        let told = self.world.tieout(&[args, &["-o", "jsonl"]].concat()).stdout;
        let first: serde_json::Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        self.names.push((name, first[word].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()));
    }

    /// Carries a block out in one shell, and says what is not as the page has it.
    pub(super) fn play(&self, block: &Block) -> String {
        let script = block.steps.iter().fold(String::new(), |script, step| {
            let command = self.named(plain(&step.command));
            script + &format!("{command}\nprintf '\\036%d\\036' $?; printf '\\036' >&2\n")
        });
        let binary = Path::new(env!("CARGO_BIN_EXE_tieout")).parent().unwrap();
        let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).current_dir(self.world.path().join(self.at)).stdin(Stdio::null());
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
