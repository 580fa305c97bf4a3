//! The schema of `tieout.yaml` takes what the reader takes, and refuses what the reader refuses for its shape.

use std::path::Path;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;
use tieout_reconcilers::define::document::Document;

use super::super::file::ConfigFile;
use super::super::schema;
use super::whole::{Plan, Tried, shape_of};

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::validator_for(&SCHEMA).unwrap());

fn read(value: &Value) -> Result<(), (String, String)> {
    let document = Document::new("tieout.yaml", &value.to_string());
    let read = document.read::<ConfigFile>();
    read.map(drop).map_err(|problem| (problem.message, problem.help.unwrap_or_default()))
}

/// Whether the schema says of a file what the reader said of it and all that it names.
pub(super) fn agrees(path: &Path, is_accepted: bool) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let document = Document::new("tieout.yaml", &text);
    let Ok(value) = document.read::<Value>() else { return };
    let said: Vec<String> =
        VALIDATOR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    if is_accepted {
        assert!(said.is_empty(), "the reader accepts it, and the schema does not: {said:#?}\n{text}");
    }
    if let Err(problem) = document.read::<ConfigFile>() {
        assert!(!said.is_empty(), "the schema accepts it, and the reader does not: {problem}\n{text}");
    }
}

#[test]
fn the_schema_is_one() {
    assert!(jsonschema::draft202012::meta::is_valid(&SCHEMA));
}

#[test]
fn every_key_of_the_schema_is_read_and_no_other() {
    for choice in 0..4 {
        Plan { root: &SCHEMA, choice, branch: "else" }.whole().is_all_that_is_read(&read);
    }
}

#[test]
fn what_has_the_wrong_shape_is_refused_by_both() {
    let validator = jsonschema::validator_for(&shape_of(&SCHEMA)).unwrap();
    let (mut tried, mut refused) = (Tried::default(), 0);
    for choice in 0..4 {
        let whole = Plan { root: &SCHEMA, choice, branch: "else" }.whole();
        let said: Vec<String> = validator.iter_errors(&whole.value).map(|error| error.to_string()).collect();
        assert!(said.is_empty(), "{said:#?}");
        refused += whole.is_refused_alike(&validator, &read, &mut tried);
    }
    assert!(refused > 300, "{refused}");
}

#[test]
fn a_queue_is_one_broker_and_a_channel_one_means() {
    let is_valid =
        |text: &str| VALIDATOR.is_valid(&Document::new("tieout.yaml", text).read::<Value>().unwrap());
    assert!(is_valid("queues: {a: {stdout: {}}, b: {sqlite: {path: q.db}, lag: {max: 5}, stdout: null}}"));
    assert!(is_valid("notify: {a: {slack: {url: env:URL}, on: [failed]}}"));
    for wrong in [
        "queues: {a: {}}",
        "queues: {a: {stdout: {}, sqlite: {path: q.db}}}",
        "notify: {a: {on: [failed]}}",
        "notify: {a: {slack: {url: env:URL}, ping: {url: env:URL}}}",
    ] {
        assert!(!is_valid(wrong), "{wrong}");
    }
}

#[test]
fn every_word_has_a_description() {
    for of in [&*SCHEMA].into_iter().chain(SCHEMA["$defs"].as_object().unwrap().values()) {
        for (word, of) in of["properties"].as_object().into_iter().flatten() {
            let description = of["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{word}: {description:?}");
        }
    }
}
