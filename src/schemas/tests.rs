//! Registries in folders: what is refused and how, what is checked, and how data is carried over.

use std::fmt::Write as _;

use serde_json::Value;
use tempfile::TempDir;
use tieout_reconcilers::schema_id::SchemaId;

use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

pub(crate) fn registry(files: &[(&str, &str)]) -> Registry {
    let folder = folder(files);
    read(folder.path()).unwrap().unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn id(text: &str) -> SchemaId {
    text.parse().unwrap()
}

const CHARGE_1: &str =
    r#"{"type": "object", "required": ["amount"], "properties": {"amount": {"type": "string"}}}"#;

const CHARGE_2: &str = r#"{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://example.com/schemas/charge/v2.json",
  "type": "object",
  "required": ["total"],
  "properties": {
    "total": {"$ref": "../money/v1.json#/$defs/amount"},
    "at": {"format": "date-time"}
  }
}
"#;

const MONEY: &str = r#"{"$defs": {"amount": {"type": "integer", "minimum": 0}}}"#;

fn charges() -> Registry {
    registry(&[
        ("charge/v1.json", CHARGE_1),
        ("charge/v2.json", CHARGE_2),
        ("charge/v1.to-v2.jq", "# The amount was a text once.\n{total: (.amount | tonumber)}\n"),
        ("charge/README.md", "Charges."),
        ("money/v1.json", MONEY),
        ("money/compat.yaml", "mode: full\n"),
        (".gitkeep", ""),
    ])
}

#[test]
fn a_registry_holds_its_versions_and_what_lies_between_them() {
    let registry = charges();
    let charge = &registry.families[&"charge".parse().unwrap()];
    assert_eq!(charge.versions.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!((charge.mode, charge.upcasters[&1].name.as_str()), (Mode::Backward, "charge/v1.to-v2.jq"));
    assert_eq!(registry.families[&"money".parse().unwrap()].mode, Mode::Full);
    assert_eq!(registry.get(&id("charge/v2")).unwrap().uri, "https://example.com/schemas/charge/v2.json");
    assert_eq!(registry.get(&id("charge/v1")).unwrap().uri, "urn:tieout:schema:charge:v1");
    assert_eq!(registry.get(&id("charge/v3")).unwrap_err(), Unfit::Unknown(id("charge/v3")));
    assert!(registry.named("urn:tieout:schema:charge:v1").is_some());
}

#[test]
fn wrong_files_are_refused_with_their_place() {
    let mut said = String::new();
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    for (name, files) in [
        ("no json", vec![("a/v1.json", "{\n  \"type\": \"object\",\n}")]),
        ("nested without end", vec![("a/v1.json", deep.as_str())]),
        ("empty", vec![("a/v1.json", "")]),
        (
            "no schema",
            vec![("a/v1.json", "{\n  \"properties\": {\n    \"b\": {\"type\": \"words\"}\n  }\n}")],
        ),
        ("a list", vec![("a/v1.json", "[]")]),
        ("a pattern that is none", vec![("a/v1.json", "{\"pattern\": \"(\"}")]),
        (
            "another dialect",
            vec![("a/v1.json", "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\"}")],
        ),
        ("an id that is no uri", vec![("a/v1.json", "{\"$id\": \"a/v1\"}")]),
        (
            "one id twice",
            vec![
                ("a/v1.json", "{\"$id\": \"https://example.com/a\"}"),
                ("a/v2.json", "{\"$id\": \"https://example.com/a\"}"),
            ],
        ),
        (
            "a reference within",
            vec![("a/v1.json", "{\n  \"properties\": {\"b\": {\"$ref\": \"#/$defs/b\"}}\n}")],
        ),
        (
            "a reference to a mistyped file",
            vec![("a/v1.json", "{\"$ref\": \"../mony/v1.json\"}"), ("money/v1.json", "{}")],
        ),
        ("a reference to the world", vec![("a/v1.json", "{\"$ref\": \"https://example.com/other.json\"}")]),
        ("a gap", vec![("a/v1.json", "{}"), ("a/v4.json", "{}")]),
        ("no version", vec![("a/compat.yaml", "mode: full")]),
        (
            "wrong names",
            vec![
                ("a/v1.json", "{}"),
                ("a/v2.yaml", ""),
                ("a/v02.json", "{}"),
                ("A/v1.json", "{}"),
                ("b.json", "{}"),
            ],
        ),
        ("an upcaster over two versions", vec![("a/v1.json", "{}"), ("a/v1.to-v3.jq", ".")]),
        ("an upcaster to nowhere", vec![("a/v1.json", "{}"), ("a/v1.to-v2.jq", ".")]),
        (
            "an upcaster that is no expression",
            vec![("a/v1.json", "{}"), ("a/v2.json", "{}"), ("a/v1.to-v2.jq", "# to v2\n{id,\n  at: now}\n")],
        ),
        ("a mode", vec![("a/v1.json", "{}"), ("a/compat.yaml", "mode: backwards\n")]),
    ] {
        let folder = folder(&files);
        let told = match read(folder.path()).unwrap() {
            Ok(_) => "fine\n".to_owned(),
            Err(problems) => problems.iter().fold(String::new(), |mut told, problem| {
                let _ = writeln!(told, "{problem}");
                if let Some(help) = &problem.help {
                    let _ = writeln!(told, "    help: {help}");
                }
                told
            }),
        };
        let told = told.replace(&format!("{}/", folder.path().display()), "");
        let _ = writeln!(said, "## {name}\n{told}");
    }
    insta::assert_snapshot!(said);
}

#[test]
fn what_breaks_is_said_by_its_place_and_never_by_its_value() {
    let registry = charges();
    let said = |id: &str, data: &str| {
        let schema = registry.get(&id.parse().unwrap()).unwrap();
        schema.check(data).map_or_else(|unfit| unfit.to_string(), |()| "fits".to_owned())
    };
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let told = [
        said("charge/v1", r#"{"amount": "12"}"#),
        said("charge/v1", r#"{"amount": 12}"#),
        said("charge/v2", r#"{"amount": "hunter2"}"#),
        said("charge/v2", r#"{"total": -1, "at": "hunter2"}"#),
        said("charge/v2", r#"{"total": 18446744073709551616, "at": "2026-11-27T00:00:00Z"}"#),
        said("charge/v2", r#""hunter2""#),
        said("charge/v2", &deep),
    ];
    insta::assert_snapshot!(told.join("\n"), @r"
    fits
    the data breaks charge/v1 at /amount: type
    the data breaks charge/v2 at its root: required (total)
    the data breaks charge/v2 at /at: format (date-time), and at 1 other place
    fits
    the data breaks charge/v2 at its root: type
    the data is nested too deeply to be checked against charge/v2
    ");
}

fn event(schema: &str, data: &str) -> String {
    format!(r#"{{"specversion":"1.0","id":"e1","time":"2026-11-27T00:00:00Z"{schema},"data":{data}}}"#)
}

#[test]
fn an_old_event_is_carried_to_the_version_of_today_with_its_id() {
    let registry = charges();
    let old =
        event(r#","dataschema":"urn:tieout:schema:charge:v1","dataversion":1"#, r#"{"amount":"12.50"}"#);
    let Unfit::Broken { at, .. } = carry(&registry, &id("charge/v2"), &old).unwrap_err() else { panic!() };
    assert_eq!(at, "/total", "what an upcaster makes is checked");
    let old = event(r#","dataschema":"urn:tieout:schema:charge:v1","dataversion":1"#, r#"{"amount":"12"}"#);
    let Carried::Anew(anew) = carry(&registry, &id("charge/v2"), &old).unwrap() else { panic!() };
    let carried: Value = serde_json::from_str(&anew).unwrap();
    assert_eq!(
        carried,
        serde_json::json!({
            "specversion": "1.0", "id": "e1", "time": "2026-11-27T00:00:00Z",
            "dataschema": "https://example.com/schemas/charge/v2.json", "dataversion": 2, "data": {"total": 12},
        })
    );
    assert_eq!(
        carry(&registry, &id("charge/v2"), &anew).unwrap(),
        Carried::AsItIs,
        "carrying twice is carrying once"
    );
    assert_eq!(carry(&registry, &id("charge/v1"), &old).unwrap(), Carried::AsItIs);
}

#[test]
fn an_upcaster_that_fails_is_named_and_what_it_met_is_not() {
    let registry = charges();
    let old =
        event(r#","dataschema":"urn:tieout:schema:charge:v1","dataversion":1"#, r#"{"amount":"hunter2"}"#);
    let told = carry(&registry, &id("charge/v2"), &old).unwrap_err().to_string();
    insta::assert_snapshot!(told, @"the upcaster charge/v1.to-v2.jq did not carry the data over: it is an expression that fails on this item");
}

#[test]
fn an_event_without_a_version_is_stamped_where_it_fits_and_refused_where_it_does_not() {
    let registry = charges();
    let Carried::Anew(anew) = carry(&registry, &id("charge/v2"), &event("", r#"{"total":1.0}"#)).unwrap()
    else {
        panic!()
    };
    assert!(anew.contains(r#""data":{"total":1.0}"#) && anew.contains(r#""dataversion":2"#), "{anew}");
    assert!(
        carry(&registry, &id("charge/v2"), &event("", r#"{"amount":"12"}"#)).is_err(),
        "nobody says that it is v1"
    );
    assert_eq!(
        carry(&registry, &id("charge/v9"), &event("", "{}")).unwrap_err(),
        Unfit::Unknown(id("charge/v9"))
    );
    assert_eq!(carry(&registry, &id("charge/v2"), "[]").unwrap_err(), Unfit::NoEvent);
}

#[test]
fn a_version_without_an_upcaster_serves_where_the_next_one_reads_it_as_well() {
    let registry = registry(&[
        ("a/v1.json", r#"{"required": ["x"]}"#),
        ("a/v2.json", "{}"),
        ("a/v3.json", r#"{"required": ["y"]}"#),
    ]);
    let old = event(r#","dataschema":"urn:tieout:schema:a:v1","dataversion":1"#, r#"{"x":1}"#);
    assert!(matches!(carry(&registry, &id("a/v2"), &old), Ok(Carried::Anew(_))));
    assert_eq!(
        carry(&registry, &id("a/v3"), &old).unwrap_err().to_string(),
        "the data breaks a/v3 at its root: required (y)"
    );
}

#[test]
fn a_folder_that_is_not_there_is_the_callers_to_judge() {
    let folder = folder(&[]);
    assert!(read(&folder.path().join("none")).is_err());
    assert!(read(folder.path()).unwrap().unwrap().families.is_empty());
}
