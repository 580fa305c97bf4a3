//! From nothing to a job that works: `tieout init` and `tieout new`, as whoever has no configuration yet calls them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::ValueEnum;
use serde_json::Value;
use tempfile::TempDir;
use tieout::cli::{DatabaseKind, QueueKind, StateKind, Template};
use tieout_reconcilers::catalogue::Catalogue;

use crate::world::Outcome;

/// A place without anything of tieout.
struct Nowhere {
    home: TempDir,
}

impl Nowhere {
    fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap() }
    }

    /// A folder that `init` made, with nobody to ask.
    fn begun(flags: &[&str]) -> Self {
        let nowhere = Self::new();
        let begun = nowhere.tieout(&[&["init"], flags].concat());
        assert_eq!((begun.code, begun.stderr.as_str()), (0, ""), "{begun:?}");
        nowhere
    }

    fn tieout(&self, args: &[&str]) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tieout"));
        let output = command.args(args).current_dir(self.home.path()).stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.home.path().join(file)
    }

    fn text(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Every file and what it holds, by its path.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(self.home.path(), self.home.path(), &mut files);
        files
    }

    /// Passes `check` without a doubt.
    fn is_sound(&self, what: &str) {
        let checked = self.tieout(&["check"]);
        assert_eq!(checked.code, 0, "{what}: {checked:?}");
        assert!(checked.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{what}: {checked:?}");
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            files.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn words<T: ValueEnum>() -> Vec<String> {
    let words = T::value_variants().iter().map(|one| one.to_possible_value().unwrap().get_name().to_owned());
    words.collect()
}

/// Whether a broker's client is in this program.
fn is_built(word: &str) -> bool {
    let brokers = ["redis", "rabbitmq", "nats", "kafka", "sqs", "sns", "eventbridge", "pubsub"];
    cfg!(feature = "all-queues") || !brokers.contains(&word)
}

#[test]
fn a_new_folder_works_at_once_and_without_anybody() {
    let nowhere = Nowhere::begun(&[]);
    let made: Vec<String> = nowhere.files().into_keys().collect();
    insta::assert_debug_snapshot!(made);
    nowhere.is_sound("a new folder");
    let plan = nowhere.tieout(&["plan"]);
    assert_eq!((plan.code, plan.stderr.contains("warn")), (4, false), "{plan:?}");
    assert!(plan.stdout.contains("Plan: 4 events to emit (3 missing, 1 mismatched)"), "{plan:?}");
    let run = nowhere.tieout(&["run", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let report = run.json();
    assert_eq!(report["domains"][0]["domain"], "fake.charges");
    assert_eq!(report["domains"][0]["items"]["upstream"], 60);
    assert_eq!(report["domains"][0]["events"]["emitted"], 4);
    let again = nowhere.tieout(&["run", "-o", "json"]);
    assert_eq!((again.code, &again.json()["domains"][0]["events"]["emitted"]), (0, &Value::from(0)));
}

#[test]
fn whoever_edits_what_the_fake_lists_finds_it_in_the_next_plan() {
    let nowhere = Nowhere::begun(&[]);
    assert_eq!(nowhere.tieout(&["run"]).code, 0);
    let charges = nowhere.text("fake/charges.json");
    fs::write(
        nowhere.path("fake/charges.json"),
        charges.replace("\"status\":\"succeeded\"", "\"status\":\"failed\""),
    )
    .unwrap();
    let plan = nowhere.tieout(&["plan", "--since", "30d", "-o", "json"]);
    assert!(plan.json()["domains"][0]["items"]["mismatched"].as_u64().unwrap() > 40, "{plan:?}");

    fs::remove_file(nowhere.path("fake/charges.json")).unwrap();
    let lost = nowhere.tieout(&["plan"]);
    assert_eq!(lost.code, 2, "{lost:?}");
    assert!(format!("{lost:?}").contains("charges.json"), "{lost:?}");
}

#[test]
fn an_editor_finds_the_schema_of_every_file_and_has_nothing_to_say_about_it() {
    let nowhere = Nowhere::begun(&[]);
    assert_eq!(nowhere.tieout(&["new", "stripe.charges", "--feed", "stripe/charges"]).code, 0);
    assert_eq!(nowhere.tieout(&["new", "shop.orders", "--template", "cursor"]).code, 0);
    let files = [
        "tieout.yaml",
        "reconcilers/fake.charges.yaml",
        "reconcilers/fake.provider.yaml",
        "reconcilers/stripe.charges.yaml",
        "reconcilers/shop.provider.yaml",
        "reconcilers/shop.orders.yaml",
    ];
    for file in files {
        let text = nowhere.text(file);
        let [first, second] = text.lines().take(2).collect::<Vec<_>>()[..] else { panic!("{text}") };
        let schema = first
            .strip_prefix("# yaml-language-server: $schema=")
            .unwrap_or_else(|| panic!("{file}: {first}"));
        assert_eq!(second, format!("# $schema: {schema}"), "{file}");
        let schema = nowhere.path(file).parent().unwrap().join(schema);
        let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
        let value: Value = serde_saphyr::from_str(&text).unwrap();
        let faults: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(&value)
            .map(|fault| fault.to_string())
            .collect();
        assert!(faults.is_empty(), "{file}: {faults:?}");
    }
}

#[test]
fn a_second_init_touches_nothing_and_says_what_is_there() {
    let nowhere = Nowhere::begun(&[]);
    let before = nowhere.files();
    let again = nowhere.tieout(&["init"]);
    assert_eq!((again.code, again.stdout.as_str()), (2, ""), "{again:?}");
    assert!(again.stderr.contains("tieout.yaml is there already; nothing was written"), "{again:?}");
    assert!(again.stderr.contains("tieout new"), "{again:?}");
    assert_eq!(nowhere.files(), before);
}

#[test]
fn a_file_of_somebody_else_stays_and_none_is_made_beside_it() {
    for file in ["tieout.yaml", "definition.schema.json", "reconcilers/fake.charges.yaml"] {
        let nowhere = Nowhere::new();
        let path = nowhere.path(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        let refused = nowhere.tieout(&["init"]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(&format!("{file} is there already")), "{refused:?}");
        assert_eq!(nowhere.files(), BTreeMap::from([(file.to_owned(), b"mine".to_vec())]));
    }
}

#[test]
fn a_repository_keeps_its_own_list_of_what_it_ignores() {
    let nowhere = Nowhere::new();
    fs::write(nowhere.path(".gitignore"), "/target\n*.db\n").unwrap();
    let begun = nowhere.tieout(&["init"]);
    assert_eq!(begun.code, 0, "{begun:?}");
    assert!(
        begun.stdout.contains(".gitignore is yours and was left alone; it lacks: *.db-journal"),
        "{begun:?}"
    );
    assert_eq!(nowhere.text(".gitignore"), "/target\n*.db\n");
}

#[test]
fn where_nothing_can_be_written_nothing_is_and_the_reason_is_said() {
    let nowhere = Nowhere::new();
    fs::write(nowhere.path("file"), "").unwrap();
    // Nobody may make a file below /proc, not even root.
    for folder in ["file/recon", "/proc/self/task"] {
        let refused = nowhere.tieout(&["init", folder]);
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{refused:?}");
        assert!(
            refused.stderr.contains("cannot be written") && refused.stderr.contains("nothing was written"),
            "{refused:?}"
        );
    }
    assert_eq!(nowhere.files().len(), 1);
}

#[test]
fn every_choice_makes_a_folder_that_passes() {
    let flags = [
        ("--database", words::<DatabaseKind>()),
        ("--state", words::<StateKind>()),
        ("--queue", words::<QueueKind>()),
    ];
    for (flag, words) in flags {
        for word in words.into_iter().filter(|word| is_built(word)) {
            Nowhere::begun(&[flag, &word]).is_sound(&word);
        }
    }
    let team = Nowhere::begun(&["--feed", "stripe/charges", "--database", "postgres", "--state", "postgres"]);
    team.is_sound("a team's");
    insta::assert_snapshot!(team.text("tieout.yaml"));
    let other = Nowhere::new().tieout(&["init", "--feed", "stripe/charge"]);
    assert_eq!(other.code, 2, "{other:?}");
    assert!(other.stderr.contains("did you mean `charges`?"), "{other:?}");
}

#[test]
fn a_queue_that_is_a_table_is_made_before_the_first_run() {
    let said = |queue: &str| Nowhere::new().tieout(&["init", "recon", "--queue", queue]).stdout;
    let place = |told: &str, command: &str| told.find(&format!("\n  {command} "));
    let table = said("postgres");
    let make = place(&table, "tieout migrate queue events | psql \"$QUEUE_DATABASE\"");
    let grant =
        place(&table, "psql \"$QUEUE_DATABASE\" -v what=queue -v table=tieout_events -f deploy/grants.sql");
    assert!(make.is_some() && make < grant && grant < place(&table, "tieout plan"), "{table}");
    let pgmq = said("pgmq");
    assert!(pgmq.contains("tieout migrate queue events") && !pgmq.contains("grants.sql"), "{pgmq}");
    assert!(!said("sqlite").contains("migrate queue"));
}

#[test]
fn a_domain_on_any_shipped_feed_passes_as_it_is_written() {
    let catalogue = Catalogue::shipped();
    for provider in catalogue.names() {
        for feed in catalogue.provider(provider).unwrap().feeds.keys() {
            let nowhere = Nowhere::begun(&["--yes"]);
            let (domain, feed) = (format!("{provider}.{feed}"), format!("{provider}/{feed}"));
            let made = nowhere.tieout(&["new", &domain, "--feed", &feed, "--table", "app.things"]);
            assert_eq!(made.code, 0, "{feed}: {made:?}");
            let checked = nowhere.tieout(&["check"]);
            assert_eq!(checked.code, 0, "{feed}: {checked:?}");
            assert!(checked.stdout.contains(&domain), "{feed}: {checked:?}");
            assert!(
                nowhere.text(&format!("reconcilers/{domain}.yaml")).contains("FROM app.things"),
                "{feed}"
            );
            let first = Nowhere::begun(&["--feed", &feed]).tieout(&["check"]);
            assert_eq!(first.code, 0, "{feed}: {first:?}");
        }
    }
}

#[test]
fn a_provider_file_of_any_template_passes_as_it_is_written() {
    for template in words::<Template>() {
        let nowhere = Nowhere::begun(&[]);
        let made = nowhere.tieout(&["new", "shop.orders", "--template", &template]);
        assert_eq!(made.code, 0, "{template}: {made:?}");
        nowhere.is_sound(&template);
        assert!(
            nowhere.text("tieout.yaml").contains("  shop: {secrets: {shop_key: env:SHOP_KEY}}\n"),
            "{template}"
        );
    }
}

#[test]
fn what_a_new_domain_looks_like() {
    let nowhere = Nowhere::begun(&[]);
    let before = nowhere.files();
    let shown = nowhere.tieout(&["new", "github.issues", "--feed", "github/issues", "--dry-run"]);
    assert_eq!((shown.code, nowhere.files()), (0, before), "{shown:?}");
    insta::assert_snapshot!("a_new_domain", shown.stdout);
    let shown = nowhere.tieout(&["new", "shop.orders", "--template", "page-number", "--dry-run"]);
    insta::assert_snapshot!("a_new_provider", shown.stdout);
    let made = nowhere.tieout(&["new", "stripe.charges", "--feed", "stripe/charges"]);
    insta::assert_snapshot!("what_new_says", made.stdout);
}

#[test]
fn what_cannot_be_made_is_refused_with_a_way_out_and_nothing_is_written() {
    let nowhere = Nowhere::begun(&[]);
    assert_eq!(nowhere.tieout(&["new", "stripe.charges", "--feed", "stripe/charges"]).code, 0);
    let before = nowhere.files();
    let calls: [(&[&str], &str); 9] = [
        (&["stripe.charges", "--feed", "stripe/charges"], "reconcilers/stripe.charges.yaml is there already"),
        (&["x", "--feed", "strip/charges"], "did you mean `stripe`?"),
        (&["x", "--feed", "stripe/refund"], "did you mean `refunds`?"),
        (&["Über Alles", "--feed", "stripe/refunds"], "Über Alles"),
        (&["../x", "--feed", "stripe/refunds"], "../x"),
        (&["fake.refunds", "--template", "cursor"], "there is a provider `fake` already"),
        (&["orders", "--template", "cursor"], "such as `shop.orders`"),
        (&["x", "--feed", "stripe/refunds", "--queue", "event"], "did you mean `events`?"),
        (&["x", "--feed", "stripe/refunds", "--table", "a; DROP"], "a; DROP"),
    ];
    for (call, says) in calls {
        let refused = nowhere.tieout(&[&["new"], call].concat());
        assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{call:?}: {refused:?}");
        assert!(refused.stderr.contains(says), "{call:?}: {refused:?}");
    }
    assert_eq!(nowhere.files(), before);
    let without = Nowhere::new().tieout(&["new", "x", "--feed", "stripe/refunds"]);
    assert_eq!(without.code, 2, "{without:?}");
    assert!(without.stderr.contains("tieout init"), "{without:?}");
}

#[test]
fn a_configuration_that_is_written_otherwise_is_left_to_its_owner() {
    let nowhere = Nowhere::begun(&[]);
    let config = nowhere.text("tieout.yaml");
    let (before, after) = config.split_once("providers:\n").unwrap();
    let (_, after) = after.split_once('\n').unwrap();
    let flow = format!("{before}providers: {{fake: {{simulated: fake/charges.json}}}}\n{after}");
    fs::write(nowhere.path("tieout.yaml"), &flow).unwrap();
    let made = nowhere.tieout(&["new", "stripe.charges", "--feed", "stripe/charges"]);
    assert_eq!(made.code, 0, "{made:?}");
    assert!(
        made.stdout.contains(
            "add to tieout.yaml, below `providers:`: stripe: {secrets: {stripe_key: env:STRIPE_KEY}}"
        ),
        "{made:?}"
    );
    assert_eq!(nowhere.text("tieout.yaml"), flow);
}
