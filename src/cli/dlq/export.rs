//! `tieout dlq export`: dead letters as lines, each the whole event with its class and reason beside it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::args::ExportArgs;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::cli::output::written;
use crate::cli::wire;
use crate::config::Loaded;
use crate::report::{ExportedView, LetterView, exit, json, text};
use crate::store::{DeadLetter, Shown, Store};

/// Events whose texts are in memory at a time.
const BATCH: usize = 100;

/// A dead letter with what it carries.
#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    letter: LetterView<'a>,
    event: Box<RawValue>,
}

pub(super) async fn export(
    desk: &Desk,
    loaded: &Loaded,
    store: &Store,
    args: &ExportArgs,
) -> Result<u8, Failure> {
    let shown = if args.dropped { Shown::Dropped } else { Shown::Dead };
    let mut ids = Vec::new();
    args.filters.each(loaded, store, shown, |letter| ids.push(letter.event_id)).await?;
    if args.to.as_os_str() == "-" {
        return written(write(store, &ids, &mut io::stdout().lock()).await?).map(|()| exit::DONE);
    }
    let file = open_file(&args.to, args.overwrite)?;
    let mut file = BufWriter::new(file);
    let wrote = write(store, &ids, &mut file).await?;
    let synced = wrote.and_then(|()| file.into_inner()?.sync_all());
    synced.map_err(|error| Failure::failed("export", format!("{}: {error}", args.to.display())))?;
    told(desk, ids.len(), &args.to)
}

/// Says how many there are in the file now.
pub(in crate::cli) fn told(desk: &Desk, exported: usize, to: &Path) -> Result<u8, Failure> {
    let view = ExportedView { exported: exported as u64, to: to.display().to_string() };
    desk.output.show(
        |_| text::exported(&view),
        || json::whole("tieout.exported/v1", &view),
        || json::lines("exported", [&view]),
    )?;
    Ok(exit::DONE)
}

/// A file for its owner alone, since events are whole in it.
pub(in crate::cli) fn open_file(path: &Path, overwrite: bool) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    if overwrite {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let message = format!("{} is there already; `--overwrite` writes over it", path.display());
            Failure::usage("file_exists", message)
        }
        _ => Failure::usage("export", format!("{} cannot be written: {error}", path.display())),
    })
}

/// Writes the events; the inner result is about the writer.
async fn write(store: &Store, ids: &[Uuid], to: &mut impl Write) -> Result<io::Result<()>, Failure> {
    for batch in ids.chunks(BATCH) {
        let broken = |error| wire::store_failure(&error);
        let letters = store.letters(batch).await.map_err(broken)?;
        let mut payloads = store.payloads(batch).await.map_err(broken)?;
        let lines = letters.iter().filter_map(|letter| Some((letter, payloads.remove(&letter.event_id)?)));
        for (letter, payload) in lines {
            if let Err(error) = line(letter, payload).and_then(|line| to.write_all(line.as_bytes())) {
                return Ok(Err(error));
            }
        }
    }
    Ok(to.flush())
}

fn line(letter: &DeadLetter, payload: String) -> io::Result<String> {
    let event = RawValue::from_string(payload)?;
    Ok(serde_json::to_string(&Line { letter: letter.into(), event })? + "\n")
}
