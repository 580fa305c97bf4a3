//! Points in time as APIs write them.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use tieout_reconcilers::clock_format::ClockFormat;
use tieout_reconcilers::instant::TimeFormat;
use tieout_reconcilers::wall_time::WallTime;

/// What a wall clock shows: with an offset, in a zone with gaps, and in one that left out a day.
const WALLS: [(&str, &str); 5] = [
    ("%Y-%m-%dT%H:%M:%S%z", ""),
    ("%Y-%m-%d", "America/New_York"),
    ("%Y-%m-%d %H:%M:%S%.f", "Australia/Lord_Howe"),
    ("%Y%m%d%H%M%S", "America/Havana"),
    ("%Y-%m-%d %H:%M", "Pacific/Apia"),
];

static FORMATS: LazyLock<Vec<ClockFormat>> = LazyLock::new(|| {
    let plain =
        [TimeFormat::Epoch, TimeFormat::EpochMs, TimeFormat::EpochUs, TimeFormat::Rfc3339, TimeFormat::Sql];
    let of_vendors = [
        ClockFormat::Rfc3339Ms,
        ClockFormat::Rfc3339Us,
        ClockFormat::Rfc2822,
        ClockFormat::MsJson,
        ClockFormat::Slack,
    ];
    let walls = WALLS.into_iter().map(|(pattern, zone)| {
        let zone = (!zone.is_empty()).then(|| zone.parse().expect("a zone"));
        ClockFormat::Wall(Arc::new(WallTime::new(pattern, zone).expect("a pattern")))
    });
    plain.into_iter().map(ClockFormat::Plain).chain(of_vendors).chain(walls).collect()
});

/// The years of four digits, which every format can write: microseconds since 1970.
const WRITABLE: Range<i64> = -62_135_000_000_000_000..253_402_000_000_000_000;

/// The years since 1973. Before, some zones were not whole minutes apart, and no API has wall clocks of that time.
const OF_WALL_CLOCKS: Range<i64> = 94_694_400_000_000..WRITABLE.end;

/// An instant that was read is written and read again as itself, but for what the format cannot hold. The first line may be a
/// pattern, and then it is one that is refused or keeps its word too.
pub fn check(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    FORMATS.iter().for_each(|format| comes_back(format, text));
    let (pattern, rest) = text.split_once('\n').unwrap_or((text, text));
    if let Ok(wall) = WallTime::new(pattern, None) {
        comes_back(&ClockFormat::Wall(Arc::new(wall)), rest);
    }
}

fn comes_back(format: &ClockFormat, text: &str) {
    let Some(read) = format.read(text) else { return };
    let wall = format.wall(read);
    let span = if matches!(format, ClockFormat::Wall(_)) { OF_WALL_CLOCKS } else { WRITABLE };
    if span.contains(&wall) && format.is_certain(wall) {
        let written = format.write(wall);
        let again = format.read(&written);
        let floor = format.floor(read, format.resolution());
        assert_eq!(again, Some(floor), "{format:?} read {text:?} and wrote {written:?}");
    }
}
