//! The `next` block of a feed, as it is written and as it is meant.

use std::fmt;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::keep_file::KeepFile;
use super::paging::{By, More, Paging, Step, Stop};
use super::problem::Spot;
use super::reader::{CursorReader, Reader};
use super::words;

/// `next` as a mapping, or the word `none`.
#[derive(Debug, Clone, Default)]
pub(super) struct NextFile(NextKeys, Option<String>);

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NextKeys {
    link: Option<Checked<String>>,
    url: Option<Checked<Reader>>,
    cursor: Option<Checked<CursorReader>>,
    page: Option<u64>,
    offset: Option<u64>,
    none: Option<bool>,
    size: Option<u64>,
    first: Option<Checked<String>>,
    step: Option<Checked<Step>>,
    more: Option<Checked<Reader>>,
    done: Option<Checked<Reader>>,
    pages: Option<Checked<Reader>>,
    total: Option<Checked<Reader>>,
    stop: Option<Vec<Checked<StopWord>>>,
    keep: Option<KeepFile>,
}

impl<'de> Deserialize<'de> for NextFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NextVisitor)
    }
}

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

impl FromText for Step {
    fn from_text(text: &str) -> Result<Self, Fault> {
        words::choose("step", text, &[("size", Self::Size), ("rows", Self::Rows)])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StopWord {
    Empty,
    Short,
}

impl FromText for StopWord {
    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.parse::<u16>().is_ok() {
            return Err(Fault::new("a status as a stop is known and not supported yet"));
        }
        words::choose("stop", text, &[("empty", Self::Empty), ("short", Self::Short)])
    }
}

impl NextFile {
    pub(super) fn compile(self, spot: Spot, problems: &mut Problems<'_>) -> Option<Paging> {
        let Self(mut keys, word) = self;
        if let Some(word) = word {
            if word != "none" {
                problems.add(spot, words::refuse("word", &word, &["none"]));
                return None;
            }
            keys.none = Some(true);
        }
        let by = keys.by(spot, problems)?;
        let counts = matches!(by, By::Page { .. } | By::Offset { .. });
        let paging = Paging {
            size: keys.size,
            more: keys.more(spot, problems),
            pages: problems.take_option(keys.pages),
            total: problems.take_option(keys.total),
            stop: stop(keys.stop, counts, problems),
            keep: keys.keep.map(|keep| keep.compile(&by, problems)).unwrap_or_default(),
            by,
        };
        check(&paging, spot, problems);
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
            "link" => problems.take_option(self.link.take()).map(By::Link),
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
        let more = problems.take_option(self.more.take()).map(|reader| More { reader, when: true });
        let done = problems.take_option(self.done.take()).map(|reader| More { reader, when: false });
        more.or(done)
    }
}

/// An empty page ends a counted walk unless the definition says otherwise.
fn stop(written: Option<Vec<Checked<StopWord>>>, counts: bool, problems: &mut Problems<'_>) -> Stop {
    let Some(written) = written else { return Stop { empty: counts, short: false } };
    let words: Vec<StopWord> = written.into_iter().filter_map(|word| problems.take(word)).collect();
    Stop { empty: words.contains(&StopWord::Empty), short: words.contains(&StopWord::Short) }
}

fn check(paging: &Paging, spot: Spot, problems: &mut Problems<'_>) {
    let counts = matches!(paging.by, By::Page { .. } | By::Offset { .. });
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
    if counts && !ends && paging.stop == Stop::default() {
        let help = "say `more`, `done`, `pages`, `total` or `stop: [empty]`";
        problems.add(spot, Fault::new("nothing ends this walk").with_help(help));
    }
}
