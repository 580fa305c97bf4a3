//! `tieout generate catalog`: what is sent, as entities of Backstage.

use clap::Args;

use crate::asyncapi::backstage::{Definition, EntityName, EntityRef, Entry, entities};
use crate::asyncapi::{self, yamls};
use crate::cli::asyncapi::{Subject, To};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;

/// `tieout generate catalog`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct CatalogArgs {
    /// Who owns both, such as `group:default/payments`
    #[arg(long, value_name = "ENTITY", env = "TIEOUT_CATALOG_OWNER", hide_env_values = true)]
    pub owner: EntityRef,
    /// What tieout is called there; its API has the same name with `-events` behind it
    #[arg(
        long,
        value_name = "NAME",
        default_value = "tieout",
        env = "TIEOUT_CATALOG_NAME",
        hide_env_values = true
    )]
    pub name: EntityName,
    /// How far it is, such as `experimental`, `production` or `deprecated`
    #[arg(long, value_name = "WORD", default_value = "production", env = "TIEOUT_CATALOG_LIFECYCLE", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub lifecycle: String,
    /// The system that both are part of
    #[arg(long, value_name = "ENTITY", env = "TIEOUT_CATALOG_SYSTEM", hide_env_values = true)]
    pub system: Option<EntityRef>,
    /// Where the AsyncAPI document is, as seen from the catalogue file
    #[arg(long, value_name = "PATH", default_value = "./asyncapi.yaml", env = "TIEOUT_CATALOG_DEFINITION", hide_env_values = true, value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub definition: String,
    /// Put the AsyncAPI document into the catalogue file instead
    #[arg(long, conflicts_with = "definition", env = "TIEOUT_CATALOG_INLINE", hide_env_values = true, value_parser = clap::builder::BoolishValueParser::new())]
    pub inline: bool,
    /// What the document is about.
    #[command(flatten)]
    pub subject: Subject,
    /// Where it goes.
    #[command(flatten)]
    pub to: To,
}

/// Carries `generate catalog` out.
pub(super) fn catalog(desk: &Desk, args: &CatalogArgs) -> Result<u8, Failure> {
    // What a catalogue refers to has to be there to be made.
    let document = args.subject.document(desk)?;
    let definition = if args.inline {
        let text = asyncapi::yaml(&document);
        Definition::Inline(text.map_err(|error| Failure::failed("output", error.to_string()))?)
    } else {
        Definition::File { text: args.definition.clone() }
    };
    let entry = Entry {
        name: args.name.clone(),
        owner: args.owner.clone(),
        lifecycle: args.lifecycle.clone(),
        system: args.system.clone(),
        definition,
    };
    args.to.write(desk, &entities(entry), |entities| yamls(entities))
}
