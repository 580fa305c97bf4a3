//! What stands in braces: the value that is meant, and the way it is written.

use std::fmt;

use super::checked::{Fault, FromText};
use super::clock_file::FormatWord;
use super::words;
use crate::clock_format::ClockFormat;

/// What a placeholder stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The page size.
    Size,
    /// The cursor of the page; unset on the first page, unless the definition gives a first one.
    Cursor,
    /// The page number.
    Page,
    /// The row offset.
    Offset,
    /// The window's lower bound.
    From,
    /// The window's upper bound.
    To,
    /// The id behind which a capped query began anew.
    Rekey,
    /// The saved token that a change feed goes on from, where it has a parameter of its own beside the cursor's.
    Token,
    /// The key that is looked up.
    Id,
    /// One part of a composite key that is looked up, from 0.
    IdPart(usize),
    /// The keys that are looked up.
    Ids,
    /// A value that the answers about an export's job gave.
    Job(Box<str>),
    /// A value of the member that the feed is read for.
    Each(Box<str>),
    /// A variable of the configuration.
    Var(Box<str>),
    /// A secret of the configuration.
    Secret(Box<str>),
}

/// Placeholders without a name of their own.
const PLAIN: &[(&str, Slot)] = &[
    ("size", Slot::Size),
    ("cursor", Slot::Cursor),
    ("page", Slot::Page),
    ("offset", Slot::Offset),
    ("from", Slot::From),
    ("to", Slot::To),
    ("rekey", Slot::Rekey),
    ("token", Slot::Token),
    ("id", Slot::Id),
    ("ids", Slot::Ids),
];

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.name())
    }
}

impl Slot {
    fn name(&self) -> String {
        match self {
            Self::Job(name) => format!("job.{name}"),
            Self::Each(name) => format!("each.{name}"),
            Self::Var(name) => format!("var.{name}"),
            Self::Secret(name) => format!("secret.{name}"),
            Self::IdPart(part) => format!("id[{part}]"),
            plain => PLAIN.iter().find(|(_, slot)| slot == plain).map_or("", |(name, _)| name).to_owned(),
        }
    }

    /// Whether its text comes from a provider, a database or a person, and may hold anything.
    #[must_use]
    pub const fn may_hold_anything(&self) -> bool {
        matches!(
            self,
            Self::Cursor
                | Self::Rekey
                | Self::Token
                | Self::Id
                | Self::IdPart(_)
                | Self::Ids
                | Self::Job(_)
                | Self::Each(_)
        )
    }

    fn parse(name: &str) -> Option<Self> {
        if let Some((_, slot)) = PLAIN.iter().find(|(known, _)| *known == name) {
            return Some(slot.clone());
        }
        if let Some(part) = name.strip_prefix("id[").and_then(|rest| rest.strip_suffix(']')) {
            return part.parse().ok().map(Self::IdPart);
        }
        let (family, own) = name.split_once('.').filter(|(_, own)| !own.is_empty())?;
        match family {
            "job" => Some(Self::Job(own.into())),
            "each" => Some(Self::Each(own.into())),
            "var" => Some(Self::Var(own.into())),
            "secret" => Some(Self::Secret(own.into())),
            _ => None,
        }
    }
}

/// How the value of a placeholder is written, where the definition says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Keys in one text with commas.
    Csv,
    /// Keys as the text of a JSON list.
    Json,
    /// Keys in the quotes of the feed's language, with commas.
    Quoted,
    /// A JSON number, where the text is one.
    Number,
    /// A JSON text, even where the value is a number.
    Text,
    /// An instant.
    Time(ClockFormat),
}

/// A placeholder as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder {
    /// What it stands for.
    pub slot: Slot,
    /// How it is written.
    pub format: Option<Format>,
    written: Box<str>,
}

impl FromText for Placeholder {
    /// Parses what stands between the braces.
    fn from_text(text: &str) -> Result<Self, Fault> {
        let (name, format) = match text.split_once(':') {
            Some((name, format)) => (name, Some(format)),
            None => (text, None),
        };
        let slot = Slot::parse(name).ok_or_else(|| unknown(name))?;
        let format = format.map(|format| format_of(&slot, format)).transpose()?;
        Ok(Self { slot, format, written: text.into() })
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.written)
    }
}

fn unknown(name: &str) -> Fault {
    let written = format!("{{{name}}}");
    if name.starts_with("row.") {
        return Fault::new(format!("`{written}` cannot be known: a finding is looked up by its key alone"))
            .with_help("make what the look-up needs a part of the key, such as `id: [account, number]`, and write `{id[1]}`")
            .at(written);
    }
    let mut allowed: Vec<&str> = PLAIN.iter().map(|(known, _)| *known).collect();
    allowed.extend(["id[N]", "job.NAME", "each.NAME", "var.NAME", "secret.NAME"]);
    Fault::new(format!("unknown placeholder `{written}`"))
        .with_help(words::advice(name, &allowed))
        .at(written)
}

fn format_of(slot: &Slot, format: &str) -> Result<Format, Fault> {
    let choose = |table: &[(&str, Format)]| {
        words::choose("format", format, table).map_err(|fault| fault.at(format.to_owned()))
    };
    match slot {
        Slot::From | Slot::To if matches!(format, "text" | "number") => {
            choose(&[("text", Format::Text), ("number", Format::Number)])
        }
        Slot::From | Slot::To => {
            let word = FormatWord::from_text(format).map_err(|fault| fault.at(format.to_owned()))?;
            Ok(Format::Time(word.in_utc()))
        }
        Slot::Ids => choose(&[("csv", Format::Csv), ("json", Format::Json), ("quoted", Format::Quoted)]),
        _ => choose(&[("number", Format::Number), ("text", Format::Text)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_is_a_slot_with_a_format_of_its_kind() {
        let parse = |text| Placeholder::from_text(text).map(|place| (place.slot, place.format));
        assert_eq!(parse("id[12]"), Ok((Slot::IdPart(12), None)));
        assert_eq!(parse("ids:csv"), Ok((Slot::Ids, Some(Format::Csv))));
        assert_eq!(
            parse("from:epoch_ms"),
            Ok((Slot::From, Some(Format::Time(crate::instant::TimeFormat::EpochMs.into()))))
        );
        assert_eq!(parse("each.repo:text"), Ok((Slot::Each("repo".into()), Some(Format::Text))));
        for bad in
            ["id[]", "id[x]", "id[-1]", "each.", "each", "ids:date", "from:csv", "size:json", "cursor:"]
        {
            assert!(parse(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_row_is_not_known_where_findings_are_looked_up() {
        let fault = Placeholder::from_text("row.number").unwrap_err();
        assert!(fault.message.contains("by its key alone"), "{}", fault.message);
        assert_eq!(fault.part.unwrap(), "{row.number}");
    }
}
