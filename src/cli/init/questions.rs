//! The questions of `tieout init`: one for each choice that no flag has made, where somebody is there to answer.

use std::fmt::Write as _;

use clap::ValueEnum;
use tieout_reconcilers::catalogue::Catalogue;
use tieout_reconcilers::define::words;
use tieout_reconcilers::name::{FeedName, Name};

use super::InitArgs;
use super::choices::{Choices, FAKE};
use crate::cli::ask::{Input, ask};
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::new::{known_feed, known_provider};
use crate::report::text::safe;

/// What the flags say, and a person of the rest; the first of each where nobody is asked.
pub(super) async fn choices(desk: &Desk, args: &InitArgs) -> Result<Choices, Failure> {
    let asks = if !args.yes && desk.input == Input::Terminal { Asks::AtATerminal } else { Asks::Nobody };
    let feed = match &args.feed {
        Some(feed) => shipped(feed)?,
        None => asked_feed(desk, asks).await?,
    };
    Ok(Choices {
        feed,
        database: chosen(desk, asks, args.database, "Your application's database").await?,
        state: chosen(desk, asks, args.state, "tieout's own state").await?,
        queue: chosen(desk, asks, args.queue, "Where events go").await?,
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    AtATerminal,
    Nobody,
}

/// A feed by its name; nothing for the fake.
fn shipped(name: &str) -> Result<Option<FeedName>, Failure> {
    if [FAKE, "fake"].contains(&name) {
        return Ok(None);
    }
    let catalogue = Catalogue::shipped();
    let feed = FeedName::try_from(name.to_owned()).map_err(|why| Failure::usage("no_such_feed", why))?;
    known_feed(known_provider(&catalogue, &feed)?.as_ref(), &feed)?;
    Ok(Some(feed))
}

async fn asked_feed(desk: &Desk, asks: Asks) -> Result<Option<FeedName>, Failure> {
    if asks == Asks::Nobody {
        return Ok(None);
    }
    let catalogue = Catalogue::shipped();
    let mut question = "What is reconciled first? A feed:\n".to_owned();
    let _ = writeln!(question, "  {FAKE:<18} a FAKE provider within tieout: works at once, offline");
    for name in catalogue.names() {
        let feeds = catalogue
            .provider(name)
            .map(|provider| provider.feeds.keys().map(Name::as_str).collect::<Vec<_>>());
        let _ =
            writeln!(question, "  {:<18} {}", format!("{name}/..."), feeds.unwrap_or_default().join(", "));
    }
    let _ = write!(question, "Feed [{FAKE}]: ");
    loop {
        let said = ask(desk, &question).await?;
        match shipped(if said.is_empty() { FAKE } else { &said }) {
            Ok(feed) => return Ok(feed),
            Err(failure) => {
                question = format!("{}\nFeed [{FAKE}]: ", safe(&failure.message.replace('\n', "; ")));
            }
        }
    }
}

/// A word of a list: that of the flag, or what a person says, by the word or its beginning.
async fn chosen<T: ValueEnum>(desk: &Desk, asks: Asks, said: Option<T>, what: &str) -> Result<T, Failure> {
    let of = |at: usize| T::value_variants()[at].clone();
    match said {
        Some(said) => return Ok(said),
        None if asks == Asks::Nobody => return Ok(of(0)),
        None => {}
    }
    let words: Vec<String> = T::value_variants()
        .iter()
        .filter_map(|one| Some(one.to_possible_value()?.get_name().to_owned()))
        .collect();
    let mut question = format!("{what}: {} [{}]: ", words.join(", "), words[0]);
    loop {
        let said = ask(desk, &question).await?;
        if said.is_empty() {
            return Ok(of(0));
        }
        if let Some(at) = words.iter().position(|word| *word == said.to_lowercase()) {
            return Ok(of(at));
        }
        let known: Vec<&str> = words.iter().map(String::as_str).collect();
        question =
            format!("`{}` is none of them; {} [{}]: ", safe(&said), words::advice(&said, &known), words[0]);
    }
}
