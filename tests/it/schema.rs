//! Every configuration and every definition of the repository is what the schemas for editors say, and so is what documents show.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use tieout_reconcilers::define::definition_file::DefinitionFile;
use tieout_reconcilers::define::document::{Document, Kind};
use tieout_reconcilers::define::domain::DomainDefinition;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::schema::of_file;

use crate::docs::blocks;
use crate::world::{World, charge};

static CONFIGURATION: LazyLock<Validator> = LazyLock::new(|| validator(&tieout::config::schema()));
static DEFINITION: LazyLock<Validator> = LazyLock::new(|| validator(&of_file::<DefinitionFile>()));

fn validator(schema: &Value) -> Validator {
    jsonschema::validator_for(schema).unwrap()
}

fn refused(validator: &Validator, document: &Document) -> Vec<String> {
    let value: Value = document.read().unwrap();
    validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The YAML files below a folder of the repository, as documents.
fn files(folder: &Path, found: &mut Vec<(PathBuf, Document)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            files(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, Document::new(name, &text)));
        }
    }
}

fn repository() -> Vec<(PathBuf, Document)> {
    let mut found = Vec::new();
    for folder in ["benches", "deploy", "fuzz", "reconcilers", "src", "tests"] {
        files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut found);
    }
    found
}

fn is_read(document: &Document, kind: Kind) -> bool {
    match kind {
        Kind::Provider => ProviderDefinition::parse(document).is_ok(),
        Kind::Domain => DomainDefinition::parse(document).is_ok(),
    }
}

#[test]
fn every_definition_of_the_repository_fits_the_schema() {
    let mut fitting = 0;
    for (path, document) in repository() {
        let Ok(kind) = document.kind() else { continue };
        if is_read(&document, kind) {
            assert_eq!(refused(&DEFINITION, &document), [""; 0], "{}", path.display());
            fitting += 1;
        }
    }
    assert!(fitting > 50, "{fitting}");
}

#[test]
fn every_configuration_of_the_repository_fits_the_schema() {
    let is_configuration = |path: &Path, document: &Document| {
        let value = document.read::<Value>().unwrap_or_default();
        path.ends_with("tieout.yaml") && value.get("reconcilers").is_some()
    };
    let files: Vec<_> =
        repository().into_iter().filter(|(path, document)| is_configuration(path, document)).collect();
    assert!(files.len() > 4, "{files:?}");
    for (path, document) in files {
        assert_eq!(refused(&CONFIGURATION, &document), [""; 0], "{}", path.display());
    }
}

#[test]
fn what_documents_show_fits_the_schemas() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![std::fs::read_to_string(root.join("README.md")).unwrap()];
    for entry in std::fs::read_dir(root.join("docs")).unwrap() {
        let path = entry.unwrap().path();
        pages.extend(
            path.extension().filter(|end| *end == "md").map(|_| std::fs::read_to_string(&path).unwrap()),
        );
    }
    let mut shown = 0;
    for page in &pages {
        for word in ["domain:", "provider:"] {
            for block in blocks(page, word) {
                let document = Document::new("page.md", block);
                if is_read(&document, document.kind().unwrap()) {
                    assert_eq!(refused(&DEFINITION, &document), [""; 0], "{block}");
                    shown += 1;
                }
            }
        }
        for word in ["state:", "databases:", "notify:", "# yaml-language-server:"] {
            for block in blocks(page, word) {
                assert_eq!(refused(&CONFIGURATION, &Document::new("page.md", block)), [""; 0], "{block}");
                shown += 1;
            }
        }
    }
    assert!(shown > 8, "{shown}");
}

#[tokio::test]
async fn the_schemas_are_printed_without_a_configuration_and_fit_what_runs() {
    let world = World::agreeing(1).await;
    for (what, file) in
        [(None, "tieout.yaml"), (Some("definition"), "charges.yaml"), (Some("definition"), "provider.yaml")]
    {
        let args = ["--config", "nowhere.yaml", "config", "schema"].into_iter().chain(what);
        let outcome = world.tieout(&args.collect::<Vec<_>>());
        assert_eq!(outcome.code, 0, "{outcome:?}");
        let schema = outcome.json();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let document = Document::new(file, &std::fs::read_to_string(world.path().join(file)).unwrap());
        assert_eq!(refused(&validator(&schema), &document), [""; 0], "{file}");
    }
}

#[tokio::test]
async fn the_schema_of_reports_is_printed_without_a_configuration_and_fits_what_runs_and_plans_write() {
    let world = World::agreeing(3).await;
    let outcome = world.tieout(&["--config", "nowhere.yaml", "generate", "schema", "run"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{outcome:?}");
    let schema = outcome.json();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
    let schema = validator(&schema);
    world.upstream(&charge("ch_lost", 5, 500));
    world.local(&charge("ch_invented", 6, 700)).await;
    let unread = world.tieout(&["generate", "schema", "runs"]);
    assert_eq!(unread.code, 2, "{unread:?}");
    for args in [
        ["plan", "--limit", "0"],
        ["run", "--key", "ch_lost"],
        ["run", "--max-emits", "7"],
        ["plan", "--full", "-v"],
    ] {
        let report = world.tieout(&[&args[..], &["--format", "json"]].concat()).json();
        let faults: Vec<String> = schema.iter_errors(&report).map(|fault| fault.to_string()).collect();
        assert_eq!(faults, [""; 0], "{args:?}: {report}");
    }
}

#[tokio::test]
async fn a_code_is_explained_without_a_configuration_and_a_mistyped_one_is_answered() {
    let world = World::agreeing(1).await;
    let told = world.tieout(&["--config", "nowhere.yaml", "explain", "no_such_domain"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert!(told.stdout.starts_with("no_such_domain: no domain has this name"), "{told:?}");
    let told = world.tieout(&["explain", "limit_tripped", "--format", "json"]).json();
    assert_eq!((&told["schema"], &told["exit_codes"][0]), (&"tieout.code/v1".into(), &5.into()));
    let mistyped = world.tieout(&["explain", "no_such_domian"]);
    assert_eq!(mistyped.code, 2, "{mistyped:?}");
    assert!(mistyped.stderr.contains("`no_such_domain`"), "{mistyped:?}");
    assert_eq!(world.tieout(&["explain", "locked", "--each", "a=b"]).code, 2);
}
