//! The schema of definition files takes what the reader takes, and refuses what the reader refuses for its shape.

use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::super::definition_file::DefinitionFile;
use super::super::document::{Document, Kind};
use super::super::domain::DomainFile;
use super::super::inherit::expanded;
use super::super::problem::Problem;
use super::super::provider::ProviderFile;
use super::super::schema::of_file;
use super::whole::{Plan, Tried, shape_of};

static SCHEMA: LazyLock<Value> = LazyLock::new(of_file::<DefinitionFile>);
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).unwrap());

/// The shape of a file, and nothing that is said in it.
fn shape(document: &Document) -> Result<(), Problem> {
    match document.kind()? {
        Kind::Domain => document.read::<DomainFile>().map(drop),
        Kind::Provider => {
            let document = expanded(document).map_err(|mut problems| problems.remove(0))?;
            document.read::<ProviderFile>().map(drop)
        }
    }
}

fn read(value: &Value) -> Result<(), (String, String)> {
    let document = Document::new("file.yaml", &value.to_string());
    shape(&document).map_err(|problem| (problem.message, problem.help.unwrap_or_default()))
}

/// Whether the schema says of a file what the reader said.
pub(super) fn agrees(document: &Document, is_accepted: bool) {
    let Ok(value) = document.read::<Value>() else { return };
    let said: Vec<String> =
        VALIDATOR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if is_accepted {
        assert!(said.is_empty(), "the reader accepts it, and the schema does not: {said:#?}\n{value:#}");
    }
    let takes_over = value["feeds"]
        .as_object()
        .is_some_and(|feeds| feeds.values().any(|feed| feed.get("like").or(feed.get("preset")).is_some()));
    if !takes_over && let Err(problem) = shape(document) {
        assert!(!said.is_empty(), "the schema accepts it, and the reader does not: {problem}\n{value:#}");
    }
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::draft202012::meta::is_valid(&SCHEMA));
}

#[test]
fn every_key_of_the_schema_is_read_and_no_other() {
    for branch in ["then", "else"] {
        for choice in 0..6 {
            Plan { root: &SCHEMA, choice, branch }.whole().is_all_that_is_read(&read);
        }
    }
}

#[test]
fn what_has_the_wrong_shape_is_refused_by_both() {
    let validator = jsonschema::validator_for(&shape_of(&SCHEMA)).unwrap();
    let (mut tried, mut refused) = (Tried::default(), 0);
    for branch in ["then", "else"] {
        for choice in 0..6 {
            let whole = Plan { root: &SCHEMA, choice, branch }.whole();
            let said: Vec<String> =
                validator.iter_errors(&whole.value).map(|error| error.to_string()).collect();
            assert!(said.is_empty(), "{said:#?}");
            refused += whole.is_refused_alike(&validator, &read, &mut tried);
        }
    }
    assert!(refused > 1_000, "{refused}");
}

#[test]
fn every_word_has_a_description() {
    fn look(schema: &Value, at: &str) {
        for (word, of) in schema["properties"].as_object().into_iter().flatten() {
            let description = of["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{at}/{word}: {description:?}");
        }
    }
    for (name, of) in SCHEMA["$defs"].as_object().unwrap() {
        look(of, name);
    }
}

#[test]
fn a_feed_that_takes_over_another_needs_none_of_its_words_and_may_take_words_away() {
    let feeds = |feed: &str| {
        let file = super::PROVIDER.to_owned() + "  more:\n" + feed;
        let document = Document::new("file.yaml", &file);
        VALIDATOR.is_valid(&document.read::<Value>().unwrap())
    };
    assert!(feeds("    like: orders\n    request: GET /more\n"));
    assert!(feeds("    like: orders\n    version: null\n    window: {grain: null, span: 7d}\n"));
    assert!(feeds("    preset: odata\n    request: GET /more\n"));
    for wrong in [
        "    request: GET /more\n",
        "    like: orders\n    windw: {}\n",
        "    like: [orders]\n",
        "    preset: no\n",
    ] {
        assert!(!feeds(wrong), "{wrong}");
    }
}
