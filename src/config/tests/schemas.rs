//! The registry of a configuration: where it lies, and what domains say of it.

use std::fmt::Write as _;

use super::{CONFIG, DOMAIN, World};

const V1: &str = r#"{"type": "object"}"#;

fn with(schema: &str) -> String {
    let event = "{type: com.example.charge.created}";
    DOMAIN.replace(event, &format!("{{type: com.example.charge.created, schema: {schema}}}"))
}

#[test]
fn the_registry_lies_beside_the_configuration_or_where_that_says() {
    let domain = with("charge/v1");
    let files = [("reconcilers/a.yaml", domain.as_str()), ("schemas/charge/v1.json", V1)];
    assert_eq!(World::new(CONFIG, &files).loaded().config.schemas.schemas().count(), 1);
    let elsewhere = format!("{CONFIG}schemas: contracts/events\n");
    let files = [("reconcilers/a.yaml", domain.as_str()), ("contracts/events/charge/v1.json", V1)];
    assert_eq!(World::new(&elsewhere, &files).loaded().config.schemas.schemas().count(), 1);
    let none = World::new(CONFIG, &[("reconcilers/a.yaml", DOMAIN)]);
    assert_eq!(none.loaded().config.schemas.schemas().count(), 0);
}

#[test]
fn wrong_schemas_are_refused_with_place_and_advice() {
    let mut said = String::new();
    let elsewhere = format!("{CONFIG}schemas: contracts\n");
    for (name, config, schema, files) in [
        ("a schema without a registry", CONFIG, "charge/v1", vec![]),
        ("a mistyped name", CONFIG, "chrage/v1", vec![("schemas/charge/v1.json", V1)]),
        ("a version that is not there yet", CONFIG, "charge/v2", vec![("schemas/charge/v1.json", V1)]),
        ("a version that is none", CONFIG, "charge/2", vec![("schemas/charge/v1.json", V1)]),
        ("a folder that is not there", elsewhere.as_str(), "charge/v1", vec![]),
        (
            "a wrong file beside a name that it might have",
            CONFIG,
            "charge/v1",
            vec![("schemas/charge/v1.json", "{")],
        ),
    ] {
        let domain = with(schema);
        let files = [vec![("reconcilers/a.yaml", domain.as_str())], files].concat();
        let _ = writeln!(said, "## {name}\n{}", World::new(config, &files).problems());
    }
    insta::assert_snapshot!(said);
}
