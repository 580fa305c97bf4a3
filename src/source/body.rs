//! Reads a response body piece by piece, and stops at the cap or when it trickles.
//!
//! The pieces are decompressed already, so a small body that unpacks into a huge one ends at the same cap.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::{Instant, sleep};

use super::error::SourceError;
use super::provider::Caps;
use super::room::Held;

/// The most that is set aside because a header announced it.
const MAX_PRESIZE: u64 = 1024 * 1024;

/// The whole body, each piece in its place before the next one is asked for.
pub(super) async fn read(mut response: Response, caps: &Caps, held: &mut Held) -> Result<Bytes, SourceError> {
    let announced = response.content_length();
    if announced.is_some_and(|length| length > caps.page_bytes as u64) {
        return Err(SourceError::BodyTooLarge { cap: caps.page_bytes });
    }
    let mut meter = pin!(sleep(caps.throughput.over));
    let mut metered_from = 0;
    let mut body = Gathered::new(announced);
    loop {
        tokio::select! {
            biased;
            piece = response.chunk() => match piece {
                Ok(Some(piece)) => {
                    held.grow(body.len() + piece.len()).await;
                    body.push(piece, caps.page_bytes)?;
                }
                Ok(None) => {
                    held.whole(body.len());
                    return Ok(body.whole());
                }
                Err(error) => return Err(SourceError::transport("reading the body", error)),
            },
            () = &mut meter => {
                let wanted = u128::from(caps.throughput.bytes_per_second) * caps.throughput.over.as_millis() / 1000;
                if ((body.len() - metered_from) as u128) < wanted {
                    return Err(SourceError::TooSlow { bytes_per_second: caps.throughput.bytes_per_second });
                }
                metered_from = body.len();
                meter.as_mut().reset(Instant::now() + caps.throughput.over);
            }
        }
    }
}

/// The pieces so far. One piece that is the whole body is never copied.
struct Gathered {
    first: Bytes,
    rest: BytesMut,
    announced: u64,
}

impl Gathered {
    fn new(announced: Option<u64>) -> Self {
        Self {
            first: Bytes::new(),
            rest: BytesMut::new(),
            announced: announced.unwrap_or(0).min(MAX_PRESIZE),
        }
    }

    fn len(&self) -> usize {
        if self.rest.is_empty() { self.first.len() } else { self.rest.len() }
    }

    fn push(&mut self, piece: Bytes, cap: usize) -> Result<(), SourceError> {
        if self.len() + piece.len() > cap {
            return Err(SourceError::BodyTooLarge { cap });
        }
        if self.len() == 0 {
            self.first = piece;
            return Ok(());
        }
        if self.rest.is_empty() {
            let expected = usize::try_from(self.announced).unwrap_or(0);
            self.rest.reserve(expected.max(self.first.len() + piece.len()));
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&piece);
        Ok(())
    }

    fn whole(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}
