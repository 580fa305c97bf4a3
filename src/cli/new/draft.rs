//! What `tieout new` is about to write, and the writing of it: all of it, or nothing.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tieout_reconcilers::define::definition_file::DefinitionFile;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::define::schema;
use tieout_reconcilers::name::{DomainName, FeedName};

use super::known::{
    compiled, feed_of, folder_for_definitions, known_feed, known_provider, named, refuse_known, schema_beside,
};
use super::{DomainText, Needs, NewArgs, SCHEMA, Template, listed, settings};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::lay::{NewFile, lay};
use crate::config::{Config, Loaded, excerpt};

/// What is to be written.
pub(super) struct Draft {
    /// The folder of the configuration.
    folder: PathBuf,
    files: Vec<NewFile>,
    feed: FeedName,
    needs: Needs,
    /// What is needed is in the configuration already, or nothing is.
    is_configured: bool,
    domain: DomainName,
}

impl Draft {
    /// What a call asks for.
    pub(super) fn of(desk: &Desk, args: &NewArgs, loaded: &Loaded) -> Result<Self, Failure> {
        let config = &loaded.config;
        let folder = desk.config.parent().map(Path::to_owned).unwrap_or_default();
        let into = folder_for_definitions(&folder, config)?;
        let schema = schema_beside(&folder, &into);
        let (feed, provider, mut files) = match (args.template, &args.feed) {
            (Some(template), _) => own_provider(config, &args.domain, template, &into, &schema)?,
            (None, Some(feed)) => (feed.clone(), known_provider(&config.catalogue, feed)?, Vec::new()),
            (None, None) => return Err(Failure::usage("usage", "say `--feed` or `--template`")),
        };
        let about = known_feed(&provider, &feed)?;
        let needs = Needs::of(&provider, &feed, &about);
        let table = args.table.as_ref().map_or_else(|| column(feed.feed.as_str()), ToString::to_string);
        let text = DomainText {
            domain: &args.domain,
            feed: &feed,
            about: &about,
            needs: &needs,
            table: &table,
            database: &named("database", args.database.as_ref(), config.databases.keys())?,
            queue: &named("queue", args.queue.as_ref(), config.queues.keys())?,
            schema: &schema,
        }
        .to_yaml();
        files.push(NewFile::text(into.join(format!("{}.yaml", args.domain)), text));
        if !folder.join(SCHEMA).exists() {
            files.push(NewFile::text(SCHEMA, format!("{:#}\n", schema::of_file::<DefinitionFile>())));
        }
        let is_configured = needs.are_none() || config.providers.contains_key(&feed.provider);
        Ok(Self { folder, files, feed, needs, is_configured, domain: args.domain.clone() })
    }

    /// The texts, each below its path. A schema is nothing to read.
    pub(super) fn shown(&self) -> String {
        let texts = self.files.iter().filter(|file| file.path != Path::new(SCHEMA));
        let mut shown: Vec<String> = texts
            .map(|file| format!("# {}\n{}", file.path.display(), String::from_utf8_lossy(&file.content)))
            .collect();
        if !self.is_configured {
            shown.push(format!(
                "# tieout.yaml\nproviders:\n  {}: {}\n",
                self.feed.provider,
                self.needs.entry()
            ));
        }
        shown.join("\n")
    }

    /// Writes the files, and what they need into the configuration; none of it where the whole is not sound then.
    pub(super) fn write(&self, desk: &Desk) -> Result<String, Failure> {
        let laid = lay(&self.folder, &self.files, "give the domain another name")?;
        let added = if self.is_configured { None } else { Some(self.configure(desk)?) };
        if added != Some(Configured::ByHand) {
            self.prove(desk, added.as_ref())?;
        }
        laid.stay();
        Ok(self.told(desk, added.as_ref()))
    }

    fn configure(&self, desk: &Desk) -> Result<Configured, Failure> {
        let before = crate::config::text_of(&desk.config)
            .map_err(|problem| Failure::usage("definition", problem.to_string()))?;
        match settings::with_provider(&before, &self.feed.provider, &self.needs.entry()) {
            Some(after) => {
                replace(&desk.config, &after)?;
                Ok(Configured::Added { before })
            }
            None => Ok(Configured::ByHand),
        }
    }

    /// Loads it all as `tieout check` does. Where that fails, the configuration is what it was.
    fn prove(&self, desk: &Desk, added: Option<&Configured>) -> Result<(), Failure> {
        let failure = match Config::load(&desk.config) {
            Ok(loaded) if loaded.domains.iter().any(|domain| *domain.domain() == self.domain) => {
                return Ok(());
            }
            Ok(_) => Failure::usage("definition", format!("`{}` is not among the domains", self.domain)),
            Err(problems) => {
                let plain: Vec<String> = problems.iter().map(ToString::to_string).collect();
                let message = format!("nothing was written: {}", plain.join("\n"));
                let drawn = excerpt::draw(problems, desk.output.colors_errors());
                Failure::usage("definition", message)
                    .drawn(format!("{}\nnothing was written", drawn.trim_end()))
            }
        };
        if let Some(Configured::Added { before }) = added {
            replace(&desk.config, before)?;
        }
        Err(failure)
    }

    fn told(&self, desk: &Desk, added: Option<&Configured>) -> String {
        let mut told = String::new();
        for file in &self.files {
            let _ = writeln!(told, "wrote {}", self.folder.join(&file.path).display());
        }
        let entry = format!("{}: {}", self.feed.provider, self.needs.entry());
        let config = desk.config.display();
        match added {
            Some(Configured::Added { .. }) => {
                let _ = writeln!(told, "added to {config}, below `providers:`: {entry}");
            }
            Some(Configured::ByHand) => {
                let _ = writeln!(told, "add to {config}, below `providers:`: {entry}");
            }
            None => {}
        }
        let _ = writeln!(told, "Now fill in what `<-` marks, and then:");
        let variables = self.needs.variables();
        let look = &desk.output.look;
        let exports =
            variables.iter().map(|name| (format!("export {name}=..."), "a secret, which no file holds"));
        let steps = [
            (look.command("check"), "the definitions alone"),
            (look.command(&format!("preview {}", self.feed)), "what the feed answers"),
            (look.command("check --online"), "every login, a first page, every column"),
            (look.command(&format!("plan {}", self.domain)), "what a run would emit; sends nothing"),
        ];
        told + &listed(exports.chain(steps))
    }
}

/// A provider of the user's own, with the feed that the domain is called after.
fn own_provider(
    config: &Config,
    domain: &DomainName,
    template: Template,
    into: &Path,
    schema: &str,
) -> Result<(FeedName, Arc<ProviderDefinition>, Vec<NewFile>), Failure> {
    let feed = feed_of(domain)?;
    refuse_known(config, &feed.provider)?;
    let text = template.to_yaml(&feed.provider, &feed.feed, schema);
    let path = into.join(format!("{}.provider.yaml", feed.provider));
    let provider = compiled(&path, &text)?;
    Ok((feed, provider, vec![NewFile::text(path, text)]))
}

/// What became of `tieout.yaml`.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Configured {
    /// A line was added.
    Added {
        /// The file as it was.
        before: String,
    },
    /// It is written in a way that leaves it to its owner.
    ByHand,
}

/// Writes a file in the place of the one that is there, whose mode and place it keeps.
fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let written = fs::canonicalize(path).and_then(|path| {
        let mode = fs::metadata(&path)?.permissions();
        crate::private_file::replace(&path, text.as_bytes())?;
        fs::set_permissions(&path, mode)
    });
    written.map_err(|error| {
        Failure::usage("unwritable", format!("{} cannot be written: {error}", path.display()))
    })
}

/// A name as databases take it without quotes.
fn column(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}
