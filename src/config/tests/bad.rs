//! Configurations that are refused, and what is said about them.

use std::fmt::Write as _;
use std::path::Path;

use miette::{GraphicalReportHandler, GraphicalTheme};

use super::super::Config;
use super::super::excerpt::Excerpt;
use super::{CONFIG, DOMAIN, PROVIDER, World};

fn changed(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from:?} is not in the file");
    text.replacen(from, to, 1)
}

#[test]
fn wrong_configurations_are_refused_with_place_and_advice() {
    let mut said = String::new();
    for (name, from, to) in [
        ("empty", CONFIG, ""),
        ("unknown key", "databases:", "database:"),
        ("known word: tags", "queues:", "tags: {}\nqueues:"),
        (
            "a base and a fake",
            "    secrets:",
            "    base: https://sandbox.example.com\n    simulated: charges.json\n    secrets:",
        ),
        ("each that nobody uses", "    secrets:", "    each: {account: [a]}\n    secrets:"),
        (
            "inline secret of a member",
            "    secrets:",
            "    each:\n      - {account: a, secrets: {stripe_key: sk_live_hunter2}}\n    secrets:",
        ),
        (
            "secret of a member that nobody uses",
            "    secrets:",
            "    each: [{account: a, secrets: {stripe_kye: env:KEY}}]\n    secrets:",
        ),
        (
            "a member without the secret of the others",
            "secrets: {stripe_key: env:TIEOUT_TEST_NO_KEY}",
            "each: [{account: a, secrets: {stripe_key: env:KEY}}, {account: b}]",
        ),
        ("each of nobody", "    secrets:", "    each: {}\n    secrets:"),
        ("not yaml", "databases:", "databases: {"),
        ("wrong type", "reconcilers: [reconcilers]", "reconcilers: {a: b}"),
        ("inline secret", "env:TIEOUT_TEST_NO_KEY", "sk_live_hunter2"),
        (
            "inline secret beside a wrong key",
            "secrets: {stripe_key: env:TIEOUT_TEST_NO_KEY}",
            "secret: {stripe_key: sk_live_hunter2}",
        ),
        ("not the name of a variable", "env:TIEOUT_TEST_NO_KEY", "env:sk-live-hunter2"),
        ("a password in an address", "env:TIEOUT_TEST_NO_URL", "postgres://app:hunter2@db.example.com/app"),
        ("a password in a query", "env:TIEOUT_TEST_NO_URL", "postgres://db.example.com/app?password=hunter2"),
        ("another kind of database", "env:TIEOUT_TEST_NO_URL", "oracle://db.example.com/app"),
        ("no address at all", "env:TIEOUT_TEST_NO_URL", "app"),
        ("unknown kind of queue", "sqlite: {path: queue.db, table: events}", "sqlit: {path: queue.db}"),
        ("known kind of queue", "sqlite: {path: queue.db, table: events}", "mysql: {table: a}"),
        ("a queue that is a word", "{sqlite: {path: queue.db, table: events}}", "stdout"),
        (
            "a queue of pgmq with SQL in it",
            "{sqlite: {path: queue.db, table: events}}",
            "{pgmq: {url: env:DB, queue: \"a'; DROP\"}}",
        ),
        ("two queues in one", "table: events}}", "table: events}, stdout: {}}"),
        ("a table with SQL in it", "table: events", "table: \"events; DROP TABLE a\""),
        (
            "a base with a password",
            "    secrets:",
            "    base: https://me:hunter2@api.example.com\n    secrets:",
        ),
        ("unknown cap", "    secrets:", "    caps: {page_byte: 1}\n    secrets:"),
        ("a cap of nothing", "    secrets:", "    caps: {pages: 0}\n    secrets:"),
        ("a time of nothing", "    secrets:", "    caps: {request_time: 0s}\n    secrets:"),
        ("a cap over all numbers", "    secrets:", "    caps: {attempts: 4294967296}\n    secrets:"),
        ("a cap that is no duration", "    secrets:", "    caps: {retry_base: soon}\n    secrets:"),
        ("half a throughput", "    secrets:", "    caps: {throughput: {over: 20s}}\n    secrets:"),
        ("unknown provider", "  stripe:\n", "  strip:\n"),
        ("missing secret", "stripe_key:", "stripe_kye:"),
        ("missing database", "  app:", "  ap:"),
        ("missing queue", "  billing:", "  biling:"),
        ("inline key of the state", "state: {", "state: {key: hunter2, "),
        ("inline key of the pseudonyms", "queues:", "privacy: {key: hunter2}\nqueues:"),
        ("no key of the pseudonyms", "queues:", "privacy: {}\nqueues:"),
        ("unknown word beside the key of the pseudonyms", "queues:", "privacy: {kye: env:KEY}\nqueues:"),
        ("missing folder", "[reconcilers]", "[definitions]"),
    ] {
        let world = World::new(&changed(CONFIG, from, to), &[("reconcilers/a.yaml", DOMAIN)]);
        let _ = writeln!(said, "## {name}\n{}", world.problems());
    }
    assert!(!said.contains("hunter2"), "a secret was repeated:\n{said}");
    insta::assert_snapshot!(said);
}

#[test]
fn wrong_definitions_are_reported_together_and_by_file() {
    let twice = changed(DOMAIN, "amount FROM", "amount AS a FROM");
    let unknown_feed =
        changed(DOMAIN, "feed: stripe/charges", "feed: stripe/charge").replace("stripe.charges", "b");
    let unknown_provider =
        changed(DOMAIN, "feed: stripe/charges", "feed: strip/charges").replace("stripe.charges", "c");
    let shop = changed(DOMAIN, "feed: stripe/charges", "feed: shop/orders").replace("stripe.charges", "d");
    let world = World::new(
        CONFIG,
        &[
            ("reconcilers/a.yaml", DOMAIN),
            ("reconcilers/a2.yaml", &twice),
            ("reconcilers/b.yml", &unknown_feed),
            ("reconcilers/c.yaml", &unknown_provider),
            ("reconcilers/d.yaml", &shop),
            ("reconcilers/empty.yaml", ""),
            ("reconcilers/other.yaml", "services: {}\n"),
            ("reconcilers/broken.yaml", "domain: [\n"),
            ("reconcilers/shop.yaml", PROVIDER),
            ("reconcilers/shop2.yaml", PROVIDER),
            ("reconcilers/wrong.yaml", &changed(DOMAIN, "compare:", "compares:")),
            ("reconcilers/README.md", "not a definition"),
        ],
    );
    insta::assert_snapshot!(world.problems());
}

#[test]
fn what_is_wrong_with_a_provider_is_said_where_it_stands_and_nowhere_else() {
    let config =
        changed(CONFIG, "providers:", "providers:\n  shop: {secrets: {key: env:TIEOUT_TEST_NO_KEY}}");
    let domain = changed(DOMAIN, "feed: stripe/charges", "feed: shop/orders");
    for (from, to) in [
        ("rows: data", "rosw: data"),
        ("rows: data", "rows: [data"),
        ("provider: shop", "provider: 'shop' # {"),
    ] {
        let provider = changed(PROVIDER, from, to) + "unknown: word\n";
        let world =
            World::new(&config, &[("reconcilers/shop.yaml", &provider), ("reconcilers/a.yaml", &domain)]);
        let problems = world.load().unwrap_err();
        let elsewhere: Vec<_> =
            problems.iter().filter(|problem| !problem.file.ends_with("shop.yaml")).collect();
        assert!(elsewhere.is_empty() && !problems.is_empty(), "{}", world.printed(&problems));
    }
}

#[test]
fn a_domain_that_hides_what_every_finding_shows_or_has_no_key_for_it_is_refused() {
    let private = |compared: &str, privacy: &str| {
        changed(DOMAIN, "compare:", &format!("privacy: {privacy}\ncompare:\n  {compared}"))
    };
    let mut said = String::new();
    for (name, compared, privacy) in [
        ("hash without a key", "customer:", "{hash: [customer]}"),
        ("drop without a key", "customer:", "{drop: [customer]}"),
        ("the key of the feed", "name: {upstream: id}", "{drop: [name]}"),
        ("the clock of the feed", "born: {upstream: created}", "{drop: [born]}"),
        ("calculated from the key", "name: {upstream: {jq: .id}}", "{drop: [name]}"),
    ] {
        let world = World::new(CONFIG, &[("reconcilers/a.yaml", &private(compared, privacy))]);
        let told = world.load().map_or_else(|problems| world.printed(&problems), |_| "fine\n".to_owned());
        let _ = writeln!(said, "## {name}\n{told}");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_missing_configuration_says_how_to_start() {
    let problems = Config::load(Path::new("no/such/tieout.yaml")).unwrap_err();
    assert_eq!(problems[0].to_string(), "no/such/tieout.yaml: there is no such configuration file");
    assert!(problems[0].help.as_deref().unwrap().contains("tieout init"));
}

#[test]
fn a_problem_is_printed_with_its_excerpt_and_without_the_secret_beside_it() {
    let config = changed(CONFIG, "env:TIEOUT_TEST_NO_KEY", "sk_live_hunter2");
    let config = changed(&config, "reconcilers: [reconcilers]", "reconcilers: [reconcilers]\nreports: {}");
    let world = World::new(&config, &[]);
    let mut problem = world.load().unwrap_err().remove(0);
    problem.file = "tieout.yaml".to_owned();
    let mut printed = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_context_lines(3);
    handler.render_report(&mut printed, &Excerpt::error(problem)).unwrap();
    assert!(!printed.contains("hunter2"), "{printed}");
    insta::assert_snapshot!(printed);
}
