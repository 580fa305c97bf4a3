//! How a definition names the format of an API's times: a word, or a strptime pattern, with a zone where they have none.

use std::sync::Arc;

use chrono_tz::Tz;

use super::checked::{Checked, Fault, FromText};
use super::document::Problems;
use super::words;
use crate::clock_format::ClockFormat;
use crate::instant::TimeFormat;
use crate::wall_time::{PatternFault, WallTime};

/// What stands behind `as`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FormatWord {
    /// A format whose texts mean one instant by themselves.
    Fixed(ClockFormat),
    /// A format that needs a zone: UTC where none is given.
    Pattern(Arc<WallTime>),
    /// The same in UTC as databases write it, which is read faster than any pattern.
    Sql,
}

/// `sql` in another zone than UTC.
const SQL: &str = "%Y-%m-%d %H:%M:%S%.f";

impl FromText for FormatWord {
    const WHAT: &'static str = "time format";
    const EXAMPLES: &'static [&'static str] = &[
        "epoch",
        "epoch_ms",
        "epoch_us",
        "rfc3339",
        "rfc3339ms",
        "rfc3339us",
        "rfc2822",
        "ms_json",
        "slack",
        "sql",
        "date",
        "%Y-%m-%d %H:%M",
    ];

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.contains('%') {
            return wall(text, None).map(Self::Pattern);
        }
        if text == "date" {
            return wall("%Y-%m-%d", None).map(Self::Pattern);
        }
        let fixed = Self::Fixed;
        let plain = |format: TimeFormat| Self::Fixed(format.into());
        let found = words::choose(
            "time format",
            text,
            &[
                ("epoch", plain(TimeFormat::Epoch)),
                ("epoch_ms", plain(TimeFormat::EpochMs)),
                ("epoch_us", plain(TimeFormat::EpochUs)),
                ("rfc3339", plain(TimeFormat::Rfc3339)),
                ("rfc3339ms", fixed(ClockFormat::Rfc3339Ms)),
                ("rfc3339us", fixed(ClockFormat::Rfc3339Us)),
                ("rfc2822", fixed(ClockFormat::Rfc2822)),
                ("ms_json", fixed(ClockFormat::MsJson)),
                ("slack", fixed(ClockFormat::Slack)),
                ("sql", Self::Sql),
                ("date", Self::Sql),
            ],
        );
        found.map_err(|fault| {
            let help = fault.help.clone().unwrap_or_default();
            fault.with_help(format!("{help}, or a pattern such as `%Y-%m-%d %H:%M`"))
        })
    }
}

impl FormatWord {
    /// The format without a zone of its own.
    pub(super) fn in_utc(self) -> ClockFormat {
        match self {
            Self::Fixed(format) => format,
            Self::Sql => TimeFormat::Sql.into(),
            Self::Pattern(wall) => ClockFormat::Wall(wall),
        }
    }
}

/// The format that a word and a zone make together.
pub(super) fn clock_format(
    word: Checked<FormatWord>,
    zone: Option<Checked<Tz>>,
    problems: &mut Problems<'_>,
) -> Option<ClockFormat> {
    let spot = word.spot;
    let zone_spot = zone.as_ref().map_or(spot, |zone| zone.spot);
    let (word, zone) = (problems.take(word), problems.take_option(zone));
    let pattern = match (word?, zone) {
        (word, None) => return Some(word.in_utc()),
        (FormatWord::Fixed(_), Some(_)) => {
            let help = "leave `zone` out: these times say themselves which instant they mean";
            let fault = Fault::new("`zone` means nothing beside this time format").with_help(help);
            problems.add(zone_spot, fault);
            return None;
        }
        (FormatWord::Sql, Some(zone)) => wall(SQL, Some(zone)),
        (FormatWord::Pattern(utc), Some(zone)) => wall(utc.pattern(), Some(zone)),
    };
    pattern.map_err(|fault| problems.add(zone_spot, fault)).ok().map(ClockFormat::Wall)
}

fn wall(pattern: &str, zone: Option<Tz>) -> Result<Arc<WallTime>, Fault> {
    WallTime::new(pattern, zone).map(Arc::new).map_err(|fault| {
        let help = match fault {
            PatternFault::NotAPattern | PatternFault::NotReadBack => {
                "a pattern names the whole time, such as `%Y/%m/%d %H:%M`"
            }
            PatternFault::ZoneAndOffset => "keep the `zone` for patterns without `%z`",
        };
        Fault::new(format!("`{pattern}` {fault}")).with_help(help)
    })
}
