//! The files of a new folder.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::definition_file::DefinitionFile;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::name::FeedName;

use super::choices::Choices;
use crate::cli::failure::Failure;
use crate::cli::lay::NewFile;
use crate::cli::new::{DomainText, Needs, SCHEMA, known_feed, known_provider, schema_lines};
use crate::config;
use crate::demo::{Sample, ShopError};

/// What the schema of `tieout.yaml` is called, beside it.
const CONFIG_SCHEMA: &str = "tieout.schema.json";

/// The folder of everything that is fake.
const FAKES: &str = "fake";

/// What is to be made, and what its first domain needs.
pub(super) struct Made {
    pub(super) files: Vec<NewFile>,
    pub(super) domain: String,
    /// The variables of the environment that the configuration names.
    pub(super) variables: Vec<String>,
}

/// Makes the files of a folder.
pub(super) async fn make(choices: &Choices, now: DateTime<Utc>) -> Result<Made, Failure> {
    let fixed = [choices.database.variables(), choices.state.variables(), choices.queue.variables()].concat();
    let mut variables: Vec<String> = fixed.into_iter().map(ToOwned::to_owned).collect();
    let (mut files, domain, provider) = match &choices.feed {
        None => (fake(now).await?, "fake.charges".to_owned(), "fake: {simulated: fake/charges.json}   # a FAKE within tieout: it lists the charges of this file; edit it, and `tieout plan --since 30d` finds what you changed".to_owned()),
        Some(feed) => {
            let (file, domain, needs) = first_domain(feed)?;
            variables.extend(needs.variables());
            (vec![file], domain, format!("{}: {}", feed.provider, needs.entry()))
        }
    };
    files.splice(
        0..0,
        [
            NewFile::text("tieout.yaml", configuration(choices, &provider)),
            NewFile::text(CONFIG_SCHEMA, format!("{:#}\n", config::schema())),
            NewFile::text(SCHEMA, format!("{:#}\n", schema::of_file::<DefinitionFile>())),
            NewFile::text(".github/workflows/tieout.yml", include_str!("files/workflow.yml")),
        ],
    );
    Ok(Made { files, domain, variables })
}

/// What the folder keeps out of a repository.
pub(super) const IGNORED: &str = include_str!("files/gitignore");

fn configuration(choices: &Choices, provider: &str) -> String {
    let mut text = schema_lines(CONFIG_SCHEMA);
    text += "# Where things are. What is compared stands in the files of reconcilers/. Secrets are only ever named: env:NAME or file:PATH.\n\n";
    let _ =
        writeln!(text, "state: {}\n\ndatabases:\n  app: {}", choices.state.line(), choices.database.line());
    if choices.feed.is_none() {
        text += "  fake: {url: \"sqlite:fake/shop.db\"}   # the books of a shop that missed webhooks of the fake; goes with it\n";
    }
    let _ = writeln!(text, "\nqueues:\n  events: {}\n\nproviders:\n  {provider}", choices.queue.line());
    text + "\nreconcilers: [reconcilers]   # folders with definitions; `tieout new` adds one\n"
}

/// The domain of the fake, its provider, what that has, and the books of its shop.
async fn fake(now: DateTime<Utc>) -> Result<Vec<NewFile>, Failure> {
    let lines = || schema_lines(&format!("../{SCHEMA}"));
    let sample = Sample::of(now);
    let books = books(&sample).await?;
    Ok(vec![
        NewFile::text("reconcilers/fake.provider.yaml", lines() + include_str!("files/fake.provider.yaml")),
        NewFile::text("reconcilers/fake.charges.yaml", lines() + include_str!("files/fake.charges.yaml")),
        NewFile::text(format!("{FAKES}/charges.json"), sample.charges()),
        NewFile { path: format!("{FAKES}/shop.db").into(), content: books },
    ])
}

/// The shop's books as the bytes of a SQLite file.
async fn books(sample: &Sample) -> Result<Vec<u8>, Failure> {
    let failed =
        |why: String| Failure::failed("books", format!("the books of the fake shop cannot be made: {why}"));
    let folder = tempfile::tempdir().map_err(|error| failed(error.to_string()))?;
    let file = folder.path().join("shop.db");
    sample.write_books(&file).await.map_err(|error: ShopError| failed(error.to_string()))?;
    std::fs::read(&file).map_err(|error| failed(error.to_string()))
}

fn first_domain(feed: &FeedName) -> Result<(NewFile, String, Needs), Failure> {
    let catalogue = Catalogue::shipped();
    let provider = known_provider(&catalogue, feed)?;
    let about = known_feed(&provider, feed)?;
    let needs = Needs::of(&provider, feed, &about);
    let domain = format!("{}.{}", feed.provider, feed.feed);
    let name = domain
        .parse()
        .map_err(|error: tieout_reconcilers::name::NotAName| Failure::usage("domain", error.to_string()))?;
    let text = DomainText {
        domain: &name,
        feed,
        about: &about,
        needs: &needs,
        table: &feed.feed.as_str().replace(['-', '.'], "_"),
        database: "app",
        queue: "events",
        schema: &format!("../{SCHEMA}"),
    }
    .to_yaml();
    Ok((NewFile::text(format!("reconcilers/{domain}.yaml"), text), domain, needs))
}
