//! Reads the folder of a registry: parses, proves and compiles every file, and says everything that is wrong with them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use jsonschema::Draft;
use serde_json::Value;
use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::problem::{Problem, Spot};
use tieout_reconcilers::define::words;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::schema_id::SchemaId;
use url::Url;

use super::files::{self, FamilyFiles};
use super::links::{Links, Within, path_of, uri_of};
use super::mode::Mode;
use super::registry::{Family, Registry};
use super::schema::Schema;
use super::upcaster::Upcaster;
use crate::config::text_of;

/// The one dialect of the registry.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A file that is JSON.
struct Written {
    id: SchemaId,
    document: Document,
    value: Value,
}

/// Reads a registry. The error of a folder that cannot be listed is the outer one.
pub fn read(folder: &Path) -> std::io::Result<Result<Registry, Vec<Problem>>> {
    let mut problems = Vec::new();
    let files = files::find(folder, &mut problems)?;
    let mut links = Links::default();
    let written = written(&files, &mut links, &mut problems);
    let links = Arc::new(links);
    let mut families = BTreeMap::new();
    for (name, files) in &files {
        families.insert(name.clone(), beside(name, files, &mut problems));
    }
    for written in written {
        match compile(written, &links) {
            Ok(schema) => {
                let family: &mut Family = families.entry(schema.id.name.clone()).or_default();
                family.versions.insert(schema.id.version, Arc::new(schema));
            }
            Err(found) => problems.extend(found),
        }
    }
    Ok(if problems.is_empty() { Ok(Registry { families, links }) } else { Err(problems) })
}

/// Every schema file that is JSON, all of them before any is compiled, since each may refer to each.
fn written(
    files: &BTreeMap<Name, FamilyFiles>,
    links: &mut Links,
    problems: &mut Vec<Problem>,
) -> Vec<Written> {
    let mut all = Vec::new();
    for (name, files) in files {
        for (version, path) in &files.versions {
            let id = SchemaId { name: name.clone(), version: *version };
            match parse(path).and_then(|(document, value)| link(&id, document, value, links)) {
                Ok(written) => all.push(written),
                Err(problem) => problems.push(problem),
            }
        }
    }
    all
}

fn parse(path: &Path) -> Result<(Document, Value), Problem> {
    let text = text_of(path)?;
    let document = Document::new(path.display().to_string(), &text);
    match serde_json::from_str(&text) {
        Ok(value) => Ok((document, value)),
        Err(error) => {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            let spot = Spot { line: error.line(), column: error.column().max(1), length: 1 };
            Err(document.problem(spot, Fault::new(format!("the file is not JSON: {said}"))))
        }
    }
}

fn link(id: &SchemaId, document: Document, value: Value, links: &mut Links) -> Result<Written, Problem> {
    let first = links.add(&file_of(id), &value);
    first.map_err(|first| {
        let first = path_of(&first).unwrap_or(&first).to_owned();
        document.problem(document.spot_at("/$id"), Fault::new(format!("`{first}` has this `$id` already")))
    })?;
    Ok(Written { id: id.clone(), document, value })
}

fn file_of(id: &SchemaId) -> String {
    format!("{id}.json")
}

/// What lies beside the versions.
fn beside(name: &Name, files: &FamilyFiles, problems: &mut Vec<Problem>) -> Family {
    let mut family = Family::default();
    if let Some(path) = &files.compat {
        let read = text_of(path).map_err(|problem| vec![problem]);
        let read = read.and_then(|text| Mode::read(&Document::new(path.display().to_string(), &text)));
        match read {
            Ok(mode) => family.mode = mode,
            Err(found) => problems.extend(found),
        }
    }
    for (from, path) in &files.upcasters {
        let told = format!("{name}/v{from}.to-v{}.jq", from + 1);
        let read = text_of(path)
            .and_then(|text| Upcaster::parse(told, &Document::new(path.display().to_string(), &text), &text));
        match read {
            Ok(upcaster) => drop(family.upcasters.insert(*from, upcaster)),
            Err(problem) => problems.push(problem),
        }
    }
    family
}

fn compile(written: Written, links: &Arc<Links>) -> Result<Schema, Vec<Problem>> {
    let Written { id, document, value } = written;
    let at = |pointer: &str, fault| vec![document.problem(document.spot_at(pointer), fault)];
    dialect(&value).map_err(|fault| at("/$schema", fault))?;
    let uri = own_uri(&value, &id).map_err(|fault| at("/$id", fault))?;
    jsonschema::draft202012::meta::validate(&value).map_err(|error| {
        let fault = Fault::new(format!("this is no JSON Schema: {}", error.masked_with("what stands here")));
        at(error.instance_path().as_str(), fault)
    })?;
    let lost = lost_references(&value, &uri_of(&file_of(&id)), links);
    if !lost.is_empty() {
        return Err(lost.into_iter().flat_map(|(pointer, fault)| at(&pointer, fault)).collect());
    }
    let alone = links.document(&uri_of(&file_of(&id))).map_or(&value, |(_, document)| document);
    let validator = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .with_base_uri(uri_of(&file_of(&id)))
        .with_retriever(Within(Arc::clone(links)))
        .should_validate_formats(true)
        .build(alone);
    let validator = validator.map_err(|error| {
        at(
            error.instance_path().as_str(),
            Fault::new(format!("the schema cannot be compiled: {}", error.masked_with("what stands here"))),
        )
    })?;
    Ok(Schema { id, uri, document: value, validator })
}

fn dialect(schema: &Value) -> Result<(), Fault> {
    match schema.get("$schema").map(Value::as_str) {
        None => Ok(()),
        Some(Some(said)) if said.trim_end_matches('#') == DIALECT => Ok(()),
        Some(_) => Err(Fault::new("another dialect of JSON Schema").with_help(format!(
            "the registry speaks 2020-12: say `\"$schema\": \"{DIALECT}\"`, or leave it out"
        ))),
    }
}

/// What `dataschema` says, which CloudEvents wants to be a whole URI.
fn own_uri(schema: &Value, id: &SchemaId) -> Result<String, Fault> {
    let Some(said) = schema.get("$id") else { return Ok(Schema::default_uri(id)) };
    let is_whole = |said: &&str| Url::parse(said).is_ok_and(|url| url.fragment().is_none());
    said.as_str().filter(is_whole).map(str::to_owned).ok_or_else(|| {
        Fault::new("an `$id` is a whole URI without a fragment")
            .with_help("events name it in `dataschema`; leave it out where the schema is published nowhere")
    })
}

/// The references that lead nowhere, by their pointers.
fn lost_references(schema: &Value, file: &str, links: &Links) -> Vec<(String, Fault)> {
    let mut lost = Vec::new();
    visit(schema, &mut String::new(), &mut |pointer, reference| {
        if links.follow(file, reference).is_none() {
            lost.push((pointer.to_owned(), nowhere(reference, links)));
        }
    });
    lost
}

fn nowhere(reference: &str, links: &Links) -> Fault {
    let fault = Fault::new(format!("`{reference}` leads nowhere: nothing outside the registry is read"));
    let file = reference.split('#').next().unwrap_or_default().trim_start_matches("../");
    match words::nearest(file, links.paths()) {
        Some(near) if !file.is_empty() => fault.with_help(format!("did you mean `../{near}`?")),
        _ => fault.with_help(
            "write it as `#/$defs/amount`, or as `../money/v1.json#/$defs/amount` for another file",
        ),
    }
}

/// Calls `seen` with every reference and the pointer that it stands at. What stands in values that are only data is no reference.
fn visit(part: &Value, pointer: &mut String, seen: &mut impl FnMut(&str, &str)) {
    let length = pointer.len();
    match part {
        Value::Object(members) => {
            for (name, member) in members {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                match (name.as_str(), member) {
                    ("$ref", Value::String(reference)) => seen(pointer, reference),
                    ("const" | "enum" | "default" | "examples", _) => {}
                    _ => visit(member, pointer, seen),
                }
                pointer.truncate(length);
            }
        }
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                let _ = write!(pointer, "/{at}");
                visit(element, pointer, seen);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}
