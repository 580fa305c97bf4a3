//! What the documents show is true: every whole definition in them loads.

use std::collections::BTreeSet;

use clap::CommandFactory as _;
use tieout::cli::Cli;
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::provider::ProviderDefinition;

use crate::world::World;

/// The YAML blocks of a document that begin with a word.
pub(crate) fn blocks<'d>(document: &'d str, word: &str) -> Vec<&'d str> {
    let blocks = document.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.starts_with(word)).collect()
}

#[tokio::test]
async fn the_provider_file_of_the_guide_loads_without_a_doubt() {
    let guide = include_str!("../../docs/providers.md");
    let [provider] = blocks(guide, "provider:")[..] else { panic!("one whole provider file") };
    let world = World::agreeing(0).await;
    world.write("shop.yaml", provider);
    world.edit("charges.yaml", "feed: api/charges", "feed: shop/orders");
    world.edit("tieout.yaml", "providers: {", "providers: {shop: {secrets: {shop_key: \"file:key\"}}, ");
    let outcome = world.tieout(&["check", "--vars"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{outcome:?}");
}

#[tokio::test]
async fn the_domain_file_of_the_guide_loads_on_the_provider_of_the_guide() {
    let [provider] = blocks(include_str!("../../docs/providers.md"), "provider:")[..] else {
        panic!("one file")
    };
    let [domain, ..] = blocks(include_str!("../../docs/domains.md"), "domain:")[..] else {
        panic!("one file")
    };
    let world = World::agreeing(0).await;
    world.write("shop.yaml", provider);
    world.write("orders.yaml", &domain.replace("queue: billing", "queue: shop"));
    world.edit("tieout.yaml", "providers: {", "providers: {shop: {secrets: {shop_key: \"file:key\"}}, ");
    let outcome = world.tieout(&["check", "--vars"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    assert!(outcome.stdout.contains("shop.orders"), "{outcome:?}");
}

#[test]
fn every_shipped_provider_and_feed_is_named_in_the_guide_and_described_on_a_page_of_its_own() {
    let guide = include_str!("../../docs/providers.md");
    let readme = include_str!("../../README.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reconcilers");
    let catalogue = Catalogue::shipped();
    for name in catalogue.names() {
        let line = guide.lines().find(|line| line.starts_with(&format!("| [`{name}`]")));
        let line = line.unwrap_or_else(|| panic!("the guide does not name {name}"));
        let feeds: Vec<String> =
            catalogue.provider(name).unwrap().feeds.keys().map(|feed| format!("`{feed}`")).collect();
        assert!(line.ends_with(&format!("| {} |", feeds.join(", "))), "{name}: {feeds:?}\n{line}");
        assert!(readme.contains(&format!("`{name}`")), "the README does not name {name}");
        let page = std::fs::read_to_string(root.join(name.as_str()).join("README.md")).unwrap();
        for part in ["## Consistency profile", "## What it cannot do", "## Fixtures"] {
            assert!(page.contains(part), "{name}: {part}");
        }
    }
}

#[tokio::test]
async fn the_provider_files_of_the_page_about_exports_load_without_a_doubt() {
    let page = include_str!("../../docs/exports.md");
    let files = blocks(page, "provider:");
    assert_eq!(files.len(), 3);
    for (file, feed, config) in [
        (files[0], "reports/orders", "reports: {secrets: {reports_key: \"file:key\"}}"),
        (
            files[1],
            "shopify-bulk/orders",
            "shopify-bulk: {secrets: {shopify_token: \"file:key\"}, var: {shop: example}}",
        ),
        (
            files[2],
            "salesforce-bulk/accounts",
            "salesforce-bulk: {secrets: {salesforce_client: \"file:key\", salesforce_secret: \"file:key\"}, \
             var: {domain: example}}",
        ),
    ] {
        let world = World::agreeing(0).await;
        world.write("exporter.yaml", file);
        world.edit("charges.yaml", "feed: api/charges", &format!("feed: {feed}"));
        world.edit("tieout.yaml", "providers: {", &format!("providers: {{{config}, "));
        let outcome = world.tieout(&["check", "--vars"]);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        assert!(outcome.stdout.ends_with("check: 0 failed, 0 warnings\n"), "{outcome:?}");
    }
}

#[test]
fn the_jobs_of_the_page_about_exports_load() {
    let page = include_str!("../../docs/exports.md");
    let parts = blocks(page, "    job:");
    assert_eq!(parts.len(), 3);
    for part in parts {
        let text = format!(
            "provider: part\nbase: https://api.example.com\nfeeds:\n  rows:\n{part}    format: csv\n    id: id\n    \
             window: {{clock: at, as: epoch, grain: 1s, FILTER}}\n    confirm: {{one: \"GET /rows/{{id}}\", gone: 404}}\n"
        );
        let filter = if part.contains("{from") { "edges: \"[)\"" } else { "filter: client" };
        let document = Document::new("part.yaml", &text.replace("FILTER", filter));
        if let Err(problems) = ProviderDefinition::parse(&document) {
            panic!("{}\n{part}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
        }
    }
}

/// Every Rust file of the repository, one behind the other.
fn sources() -> String {
    sources_in(&["src", "reconcilers", "tests", "fuzz/src"])
}

/// Every Rust file in some folders.
fn sources_in(folders: &[&str]) -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<_> = folders.iter().map(|name| root.join(name)).collect();
    let mut text = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") {
                text += &std::fs::read_to_string(path).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_test_that_the_threat_model_names_exists() {
    let sources = sources();
    let model = include_str!("../../docs/threat-model.md");
    let is_a_test = |word: &&str| {
        word.contains('_') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let named: Vec<&str> = model.split('`').skip(1).step_by(2).filter(is_a_test).collect();
    assert!(named.len() > 50, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|name| !sources.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "the threat model names tests that do not exist: {missing:?}");
}

/// The pages of the book, as paths from `docs/`.
pub(crate) fn pages() -> Vec<String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let mut folders = vec![root.clone()];
    let mut pages = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "md") {
                pages.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    pages.retain(|page| page != "SUMMARY.md");
    pages.sort();
    pages
}

#[test]
fn every_page_stands_in_the_contents_of_the_book_once_and_by_its_title() {
    let contents = include_str!("../../docs/SUMMARY.md");
    let mut listed: Vec<(&str, &str)> = contents
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("- [")?.strip_suffix(')')?.split_once("]("))
        .map(|(title, page)| (page, title))
        .collect();
    listed.sort_unstable();
    assert_eq!(listed.iter().map(|(page, _)| *page).collect::<Vec<_>>(), pages());
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for (page, title) in listed {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        // A page that is made of another file has the title of its place.
        if !text.contains("{{#include") {
            assert_eq!(text.lines().next(), Some(format!("# {title}").as_str()), "{page}");
        }
    }
}

#[test]
fn the_report_that_is_explained_is_one_that_is_written() {
    let page = include_str!("../../docs/reading.md");
    let written = include_str!(
        "../../src/report/text/snapshots/tieout__report__text__tests__a_run_with_findings_lists_them_above_its_table.snap"
    );
    let (_, written) = written.split_once("---\n").and_then(|(_, rest)| rest.split_once("---\n")).unwrap();
    assert!(page.contains(&format!("```text\n{}\n```", written.trim_end())));
}

#[test]
fn every_line_that_doctor_can_print_has_its_section_and_every_section_its_line() {
    let page = include_str!("../../docs/doctor.md");
    let sections: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(sections, tieout::cli::DOCTOR_LINES);
}

#[test]
fn every_document_for_programs_stands_in_the_list_of_them_and_no_other_does() {
    let schema = regex_lite::Regex::new(r"tieout\.[a-z_]+/v1\b").unwrap();
    let named = |text: &str| schema.find_iter(text).map(|found| found.as_str().to_owned()).collect();
    let mut written: BTreeSet<String> = named(&sources_in(&["src"]));
    // The words of these are put together.
    written.extend(["check", "probe", "doctor"].map(|command| format!("tieout.{command}/v1")));
    let listed: BTreeSet<String> = named(include_str!("../../docs/json.md"));
    assert_eq!(listed, written);
}

#[test]
fn every_command_that_the_list_of_documents_names_is_one_that_writes() {
    let page = include_str!("../../docs/json.md");
    let mut count = 0;
    for row in page.lines().filter(|line| line.starts_with("| `tieout.")) {
        for named in row.split('|').nth(2).unwrap().split('`').skip(1).step_by(2) {
            count += 1;
            let mut command = Cli::command();
            for word in named.split(' ') {
                if let Some(flag) = word.strip_prefix("--") {
                    let knows = command.get_arguments().any(|argument| argument.get_long() == Some(flag));
                    assert!(knows, "`{named}`: there is no such flag");
                } else {
                    let below = command.find_subcommand(word).cloned();
                    command = below.unwrap_or_else(|| panic!("`{named}`: there is no such command"));
                }
            }
            assert!(!command.is_subcommand_required_set(), "`{named}` does nothing by itself");
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn the_exit_codes_of_the_readme_and_of_the_help_are_all_that_there_are() {
    let source = include_str!("../../src/report/exit.rs");
    let constant = regex_lite::Regex::new(r"(?m)^pub const [A-Z]+: u8 = ([0-9]+);").unwrap();
    let codes: Vec<&str> =
        constant.captures_iter(source).map(|found| found.get(1).unwrap().as_str()).collect();
    assert!(codes.len() > 9, "{codes:?}");

    let readme = include_str!("../../README.md").split_once("\n## Exit codes\n").unwrap().1;
    let rows = readme.split("\n## ").next().unwrap().lines().filter_map(|line| line.strip_prefix("| "));
    let first = rows.map(|row| row.split(" |").next().unwrap()).filter(|cell| *cell != "code");
    assert_eq!(first.flat_map(|cell| cell.split(", ")).collect::<Vec<_>>(), codes);

    let help = Cli::command().render_long_help().to_string();
    let list = help.split_once("\nExit codes").unwrap().1.lines().skip(1);
    let told = list.map_while(|line| line.strip_prefix("  ")?.split(' ').next());
    assert_eq!(told.collect::<Vec<_>>(), codes);
}

#[test]
fn the_words_of_the_readme_stand_in_the_glossary_as_they_are() {
    let readme = include_str!("../../README.md").split_once("\n## Words\n").unwrap().1;
    let words: Vec<&str> =
        readme.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    assert!(words.len() > 5, "{words:?}");
    let glossary = include_str!("../../docs/glossary.md");
    for word in words {
        assert!(
            glossary.lines().any(|line| line == word),
            "the glossary lacks this line of the README: {word}"
        );
    }
}

/// What the module shows is compiled with it.
#[test]
fn the_inbox_in_rust_is_shown_as_it_is_compiled() {
    let module = include_str!("../../src/inbox.rs");
    let shown = module.lines().skip_while(|line| *line != "//! ```no_run").skip(1);
    let shown =
        shown.map_while(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let shown = shown.take_while(|line| *line != "```").filter(|line| !line.starts_with("# "));
    let shown: Vec<&str> = shown.collect();
    assert_eq!(shown.len(), 8, "{shown:?}");
    let page = include_str!("../../docs/queues.md");
    assert!(page.contains(&format!("```rust\n{}\n```", shown.join("\n"))), "{}", shown.join("\n"));
}
