//! A file with one event a line, private to its owner and synced before anything counts as delivered.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Delivery, Queue, QueueFault, all_acknowledged, lines, stopped};
use crate::private_file;
use crate::store::Outgoing;

/// How far back the beginning of an unfinished line is looked for, in bytes: many times the largest event.
const LONGEST_LINE: u64 = 64 << 20;

/// A file with one event a line.
#[derive(Debug)]
pub(super) struct NdjsonQueue {
    path: PathBuf,
}

impl NdjsonQueue {
    pub(super) fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    async fn append(&self, lines: Vec<u8>) -> Result<(), QueueFault> {
        let path = self.path.clone();
        let appended = tokio::task::spawn_blocking(move || append(&path, &lines)).await;
        let appended = appended.unwrap_or_else(|stopped| Err(io::Error::other(stopped)));
        appended.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &io::Error) -> QueueFault {
        let (place, why) = (self.path.display().to_string(), error.to_string());
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory => {
                QueueFault::Refused { place, why }
            }
            _ => QueueFault::Unreachable { place, why },
        }
    }
}

impl Queue for NdjsonQueue {
    fn system(&self) -> &'static str {
        "ndjson"
    }

    fn ready(&mut self) -> BoxFuture<'_, Result<(), QueueFault>> {
        self.append(Vec::new()).boxed()
    }

    fn send<'a>(&'a mut self, batch: &'a [Outgoing]) -> BoxFuture<'a, Delivery> {
        let sent = self.append(lines(batch));
        sent.map(|sent| sent.map_or_else(stopped, |()| all_acknowledged(batch))).boxed()
    }
}

/// Appends whole lines or nothing, alone in the file while it does.
fn append(path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut file = private_file::open(path)?;
    file.lock()?;
    let end = mend(&mut file)?;
    crash_point!("ndjson.mended");
    let written = file.write_all(lines);
    crash_point!("ndjson.written");
    let written = written.and_then(|()| file.sync_all());
    if written.is_err() {
        file.set_len(end)?;
    }
    written
}

/// Cuts off a line that a crash left unfinished: it was never acknowledged and comes again. Returns the file's length.
fn mend(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let Some(last) = length.checked_sub(1) else { return Ok(0) };
    file.seek(SeekFrom::Start(last))?;
    let mut byte = [0];
    file.read_exact(&mut byte)?;
    if byte == *b"\n" {
        return Ok(length);
    }
    let from = length.saturating_sub(LONGEST_LINE);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.read_to_end(&mut tail)?;
    let line = tail.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    // A whole value without its line break is somebody's data, not the rest of a crash.
    if serde_json::from_slice::<serde::de::IgnoredAny>(&tail[line..]).is_ok() {
        file.write_all(b"\n")?;
        return Ok(length + 1);
    }
    let kept = from + u64::try_from(line).map_err(io::Error::other)?;
    file.set_len(kept)?;
    Ok(kept)
}
