//! Takes packed payloads apart, within bounds: what unpacks into too much is refused as it grows.
//!
//! This is about files that a provider packs itself. What HTTP packs on the way is unpacked where the body is read.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

use super::fault::FormatFault;

/// How a payload is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpack {
    /// One file.
    Gzip,
    /// Any number of files, read in the order of the archive.
    Zip,
}

/// How much a payload may unpack into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Bytes of all files together.
    pub bytes: usize,
    /// Files.
    pub files: usize,
}

impl Default for Caps {
    fn default() -> Self {
        Self { bytes: 64 << 20, files: 1_000 }
    }
}

/// What a gzip begins with.
const GZIP: u8 = 0x1f;

/// The files of a payload.
pub(super) fn unpack(how: Unpack, body: &[u8], caps: Caps) -> Result<Vec<Vec<u8>>, FormatFault> {
    match how {
        Unpack::Gzip if is_text(body) => Ok(vec![body.to_vec()]),
        Unpack::Gzip => {
            let not_packed = |_| FormatFault::NotPacked("gzip");
            Ok(vec![read(MultiGzDecoder::new(body), caps.bytes, caps).map_err(not_packed)??])
        }
        Unpack::Zip => unzip(body, caps),
    }
}

/// Whether HTTP has unpacked the file on the way already: a file store that sends `Content-Encoding: gzip` for `x.csv.gz` has
/// sent `x.csv`. No text begins with the first byte of a gzip, and nothing at all is a file cut off at its start.
fn is_text(body: &[u8]) -> bool {
    body.first().is_some_and(|first| *first != GZIP)
}

fn unzip(body: &[u8], caps: Caps) -> Result<Vec<Vec<u8>>, FormatFault> {
    let mut archive = ZipArchive::new(Cursor::new(body)).map_err(|error| fault(&error))?;
    if announced(body).is_some_and(|files| files != archive.len()) {
        return Err(FormatFault::FileTwice);
    }
    if archive.len() > caps.files {
        return Err(FormatFault::TooManyFiles(caps.files));
    }
    let (mut files, mut left) = (Vec::new(), caps.bytes);
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| fault(&error))?;
        if file.is_dir() {
            continue;
        }
        let bytes = read(file, left, caps).map_err(|_| FormatFault::NotPacked("zip"))??;
        left -= bytes.len();
        files.push(bytes);
    }
    Ok(files)
}

/// Reads at most `left` bytes.
fn read(packed: impl Read, left: usize, caps: Caps) -> std::io::Result<Result<Vec<u8>, FormatFault>> {
    let mut bytes = Vec::new();
    packed.take(left as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > left { Err(FormatFault::TooLarge(caps.bytes)) } else { Ok(bytes) })
}

/// How many files the end of an archive announces: the archive's reader keeps one of each name. Archives that are too
/// large for this record say so and are believed.
fn announced(body: &[u8]) -> Option<usize> {
    let end = body.windows(4).rposition(|window| window == b"PK\x05\x06")?;
    let count = body.get(end + 10..end + 12)?;
    let count = u16::from_le_bytes([count[0], count[1]]);
    (count != u16::MAX).then_some(usize::from(count))
}

fn fault(error: &ZipError) -> FormatFault {
    match error {
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            FormatFault::UnknownPacking
        }
        _ => FormatFault::NotPacked("zip"),
    }
}
