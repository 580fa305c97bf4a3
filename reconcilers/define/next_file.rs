//! The `next` block of a feed, as it is written and as it is meant.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText, Word};
use super::document::Problems;
use super::keep_file::KeepFile;
use super::paging::{By, First, More, Paging, Step, Stop};
use super::problem::Spot;
use super::reader::{CursorReader, Reader, Signal};
use super::schema;
use super::value::Length;
use super::window_file::length_above_zero;
use super::words;

/// What says that there is one page.
const NONE: &str = "none";

/// `next` as a mapping, or the word `none`.
#[derive(Debug, Clone, Default)]
pub(super) struct NextFile(NextKeys, Option<String>);

/// How the next page is reached: exactly one of `link`, `url`, `cursor`, `page`, `offset` and `none`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NextKeys {
    /// The relation of the `Link` header that leads on, such as `next`.
    link: Option<Checked<String>>,
    /// Where the page holds the link to the next one.
    url: Option<Checked<Reader>>,
    /// Where the page holds the token of the next one, which is sent as `{cursor}`: a path, `header:NAME`, or `last:MEMBER` of the last row.
    cursor: Option<Checked<CursorReader>>,
    /// The number of the first page; numbers are sent as `{page}`.
    page: Option<u64>,
    /// The first offset; offsets are sent as `{offset}`.
    offset: Option<u64>,
    /// Whether there is one page alone.
    none: Option<bool>,
    /// How many rows a page is asked to have, sent as `{size}`.
    size: Option<u64>,
    /// The token of the first page, where the API wants one: a text, or `"{from}"`.
    first: Option<Checked<First>>,
    /// What `offset` grows by: the size of a page, or the rows that it had.
    #[schemars(extend("default" = "size"))]
    step: Option<Checked<Step>>,
    /// Where the page says that there is another one. A `?` behind the place says that it may be left out.
    more: Option<Checked<Signal>>,
    /// Where the page says that it is the last one. A `?` behind the place says that it may be left out.
    done: Option<Checked<Signal>>,
    /// Where the page says how many pages there are. A walk that sees another number is partial.
    pages: Option<Checked<Signal>>,
    /// Where the page says how many rows there are. A walk that sees another number is partial.
    total: Option<Checked<Signal>>,
    /// Where the page holds the token of a change feed that the next run goes on from.
    save: Option<Checked<Reader>>,
    /// What else ends the list; an empty page does for numbers and offsets where this is left out.
    stop: Option<Vec<Checked<StopWord>>>,
    /// Which parameters travel with a link or token: none beside a link and all beside a token where this is left out.
    keep: Option<KeepFile>,
    /// How long the provider keeps a token or link.
    ttl: Option<Checked<Length>>,
}

impl<'de> Deserialize<'de> for NextFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NextVisitor)
    }
}

schema::schema_of!(NextFile, |generator| schema::any_of([
    schema::word(NONE),
    generator.subschema_for::<NextKeys>(),
]));

struct NextVisitor;

impl<'de> Visitor<'de> for NextVisitor {
    type Value = NextFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a mapping such as `{cursor: next_token, size: 100}`, or `none`")
    }

    fn visit_str<E>(self, word: &str) -> Result<NextFile, E> {
        Ok(NextFile(NextKeys::default(), Some(word.to_owned())))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NextFile, A::Error> {
        NextKeys::deserialize(MapAccessDeserializer::new(map)).map(|keys| NextFile(keys, None))
    }
}

impl Word for Step {
    const WHAT: &'static str = "step";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("size", Self::Size), ("rows", Self::Rows)]
    }
}

impl FromText for First {
    const WHAT: &'static str = "token";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text == "{from}" {
            return Ok(Self::From);
        }
        if text.contains('{') {
            let help = "write a text such as `*`, or `{from}` alone";
            return Err(Fault::new(format!("`{text}` cannot be a first token")).with_help(help));
        }
        Ok(Self::Text(text.to_owned()))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopWord {
    Empty,
    Short,
    Older,
    Status(u16),
}

impl FromText for StopWord {
    const WHAT: &'static str = "word or HTTP status";
    const EXAMPLES: &'static [&'static str] = &["empty", "short", "older", "404"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        match text.parse::<u16>() {
            Ok(200) => Err(Fault::new("status 200 is how every page comes and cannot be the end")),
            Ok(status @ 100..=599) => Ok(Self::Status(status)),
            Ok(_) => Err(Fault::new(format!("`{text}` is not an HTTP status"))),
            Err(_) => {
                let words = [("empty", Self::Empty), ("short", Self::Short), ("older", Self::Older)];
                words::choose("stop", text, &words)
            }
        }
    }
}

impl NextFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<Paging> {
        let Self(mut keys, word) = self;
        if let Some(word) = word {
            if word != NONE {
                problems.add(spot, words::refuse("word", &word, &[NONE]));
                return None;
            }
            keys.none = Some(true);
        }
        let by = keys.by(spot, problems)?;
        let save_spot = keys.save.as_ref().map_or(spot, |save| save.spot);
        let paging = Paging {
            size: keys.size,
            more: keys.more(spot, problems),
            pages: problems.take_option(keys.pages),
            total: problems.take_option(keys.total),
            save: problems.take_option(keys.save),
            ttl: ttl(keys.ttl, &by, problems),
            stop: stop(keys.stop, by.counts(), problems),
            keep: keys.keep.map(|keep| keep.compile(&by, problems)).unwrap_or_default(),
            by,
        };
        check(&paging, spot, problems);
        check_save(&paging, save_spot, problems);
        Some(paging)
    }
}

impl NextKeys {
    /// The one way on.
    fn by(&mut self, spot: Spot, problems: &mut Problems<'_>) -> Option<By> {
        const WAYS: [&str; 6] = ["link", "url", "cursor", "page", "offset", "none"];
        let given = [
            self.link.is_some(),
            self.url.is_some(),
            self.cursor.is_some(),
            self.page.is_some(),
            self.offset.is_some(),
            self.none == Some(true),
        ];
        let named: Vec<&str> =
            WAYS.iter().zip(given).filter(|(_, given)| *given).map(|(way, _)| *way).collect();
        let [way] = named.as_slice() else {
            let message = match named.as_slice() {
                [] => "`next` does not say how to reach the next page".to_owned(),
                several => format!("`next` names several ways to the next page: {}", several.join(", ")),
            };
            problems
                .add(spot, Fault::new(message).with_help(format!("say exactly one of {}", WAYS.join(", "))));
            return None;
        };
        for (key, stray) in [
            ("first", self.first.as_ref().filter(|_| *way != "cursor").map(|c| c.spot)),
            ("step", self.step.as_ref().filter(|_| *way != "offset").map(|c| c.spot)),
        ] {
            if let Some(spot) = stray {
                problems.add(spot, Fault::new(format!("`{key}` means nothing beside `{way}`")));
            }
        }
        match *way {
            "link" => problems.take_option(self.link.take()).map(|relation| By::Url(Reader::Link(relation))),
            "url" => problems.take_option(self.url.take()).map(By::Url),
            "cursor" => {
                let reader = problems.take_option(self.cursor.take())?;
                Some(By::Cursor { reader, first: problems.take_option(self.first.take()) })
            }
            "page" => self.page.map(|first| By::Page { first }),
            "offset" => {
                let step = problems.take_option(self.step.take()).unwrap_or(Step::Size);
                self.offset.map(|first| By::Offset { first, step })
            }
            _ => Some(By::Single),
        }
    }

    fn more(&mut self, spot: Spot, problems: &mut Problems<'_>) -> Option<More> {
        if self.more.is_some() && self.done.is_some() {
            problems
                .add(spot, Fault::new("`more` and `done` say the same thing twice").with_help("keep one"));
        }
        let more = problems.take_option(self.more.take()).map(|signal| More { signal, when: true });
        let done = problems.take_option(self.done.take()).map(|signal| More { signal, when: false });
        more.or(done)
    }
}

/// An empty page ends a counted walk unless the definition says otherwise.
fn stop(written: Option<Vec<Checked<StopWord>>>, counts: bool, problems: &mut Problems<'_>) -> Stop {
    let Some(written) = written else { return Stop { empty: counts, ..Stop::default() } };
    let words: Vec<StopWord> = written.into_iter().filter_map(|word| problems.take(word)).collect();
    let status = |word: &StopWord| if let StopWord::Status(status) = word { Some(*status) } else { None };
    Stop {
        empty: words.contains(&StopWord::Empty),
        short: words.contains(&StopWord::Short),
        older: words.contains(&StopWord::Older),
        statuses: words.iter().filter_map(status).collect(),
    }
}

/// Only what the provider hands out can be forgotten by it.
fn ttl(written: Option<Checked<Length>>, by: &By, problems: &mut Problems<'_>) -> Option<Duration> {
    let spot = written.as_ref()?.spot;
    if !matches!(by, By::Url(_) | By::Cursor { reader: CursorReader::Page(_), .. }) {
        let fault = Fault::new("`ttl` says how long a token or link of the provider lives, and here is none");
        problems.add(spot, fault.with_help("leave it out, or say it beside `cursor`, `url` or `link`"));
    }
    length_above_zero(written, problems)
}

/// The token for the next run belongs to walks that are led by the provider, and marks their end.
fn check_save(paging: &Paging, spot: Spot, problems: &mut Problems<'_>) {
    let Some(save) = &paging.save else { return };
    match &paging.by {
        By::Url(reader) | By::Cursor { reader: CursorReader::Page(reader), .. } => {
            if reader == save && paging.more.is_none() {
                let help = "say `more` or `done`, which tell the last page from the others";
                let fault = Fault::new("every page has the token to save, so nothing ends this walk");
                problems.add(spot, fault.with_help(help));
            }
        }
        _ => {
            let help = "save a token beside `cursor`, `url` or `link`";
            problems.add(spot, Fault::new("`save` means nothing beside this way on").with_help(help));
        }
    }
}

fn check(paging: &Paging, spot: Spot, problems: &mut Problems<'_>) {
    if paging.size == Some(0) {
        problems.add(
            spot,
            Fault::new("a page of no rows leads nowhere").with_help("leave `size` out or raise it"),
        );
    }
    let needs_size = paging.stop.short || matches!(paging.by, By::Offset { step: Step::Size, .. });
    if needs_size && paging.size.is_none() {
        let help = "say how many rows a page has, such as `size: 100`";
        problems.add(spot, Fault::new("`size` is missing in `next`").with_help(help));
    }
    let ends = paging.more.is_some() || paging.pages.is_some() || paging.total.is_some();
    if paging.by.counts() && !ends && paging.stop == Stop::default() {
        let help = "say `more`, `done`, `pages`, `total` or `stop: [empty]`";
        problems.add(spot, Fault::new("nothing ends this walk").with_help(help));
    }
}
