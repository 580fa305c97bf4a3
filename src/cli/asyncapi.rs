//! `tieout asyncapi`: the document of what is sent, on standard output or in a file.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::args::Format;
use super::desk::Desk;
use super::failure::Failure;
use super::wire;
use crate::asyncapi::{self, About, Document, Unwritable};
use crate::report::exit;

/// `tieout asyncapi`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AsyncapiArgs {
    /// What it is about.
    #[command(flatten)]
    pub subject: Subject,
    /// Where it goes.
    #[command(flatten)]
    pub to: To,
}

/// What a document is about, and what it says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Subject {
    /// Only what these domains send, by name, glob or tag (`tag:money`)
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',')]
    pub domain: Vec<String>,
    /// The title of the document
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "Events of tieout",
        env = "TIEOUT_TITLE",
        hide_env_values = true
    )]
    pub title: String,
    /// The version of what the document describes, which you count
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "1.0.0",
        env = "TIEOUT_API_VERSION",
        hide_env_values = true
    )]
    pub api_version: String,
}

/// Where a document goes.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct To {
    /// Write it into this file, in the place of what is there; to standard output when left out
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Carries `asyncapi` out.
pub(super) fn asyncapi(desk: &Desk, args: &AsyncapiArgs) -> Result<u8, Failure> {
    let document = args.subject.document(desk)?;
    args.to.write(desk, &document, asyncapi::yaml)
}

impl Subject {
    /// The document. Neither a secret nor anybody's answer is needed for it.
    pub(super) fn document(&self, desk: &Desk) -> Result<Document, Failure> {
        let loaded = wire::load(desk)?;
        let domains = wire::selected(&loaded, self.domain.as_slice())?;
        let about = About { title: self.title.clone(), version: self.api_version.clone() };
        Ok(asyncapi::document(&loaded.config, &domains, about))
    }
}

impl To {
    /// Writes a document in the wanted format: as YAML unless JSON is asked for.
    pub(super) fn write<D: Serialize>(
        &self,
        desk: &Desk,
        document: &D,
        yaml: impl FnOnce(&D) -> Result<String, Unwritable>,
    ) -> Result<u8, Failure> {
        let line = |text: String| text + "\n";
        let text = match desk.output.format {
            Format::Human | Format::Yaml | Format::Github | Format::Junit | Format::Md => {
                yaml(document).map_err(|error| unwritable(&error))?
            }
            Format::Json => {
                serde_json::to_string_pretty(document).map(line).map_err(|error| unwritable(&error))?
            }
            Format::Jsonl => serde_json::to_string(document).map(line).map_err(|error| unwritable(&error))?,
        };
        match &self.out {
            Some(path) => save(path, &text)?,
            None => desk.output.write(&text)?,
        }
        Ok(exit::DONE)
    }
}

/// A file like any other: there is nothing private in a document.
fn save(path: &Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::write(path, text);
    written.map_err(|error| Failure::usage("out", format!("{} cannot be written: {error}", path.display())))
}

fn unwritable(error: &dyn std::error::Error) -> Failure {
    let why = error.source().map(|why| format!(": {why}")).unwrap_or_default();
    Failure::failed("output", format!("{error}{why}"))
}
