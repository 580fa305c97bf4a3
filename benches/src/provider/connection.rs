//! One keep-alive connection: reads requests, writes answers. Never copies an item; a page leaves in one
//! vectored write of its head, its slice of the catalogue and its tail.

use std::{
    io,
    time::{SystemTime, UNIX_EPOCH},
};

use bytes::{Buf, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Provider, answer::Answer};

/// A request head larger than this is not from a client of ours.
const HEAD_CAP: usize = 16 * 1024;

pub(super) struct Request {
    pub(super) method: String,
    /// Path and query, as sent.
    pub(super) target: String,
}

/// Answers until the client closes the connection.
pub(super) async fn converse(mut stream: TcpStream, provider: &Provider) -> io::Result<()> {
    let mut inbox = BytesMut::with_capacity(4 * 1024);
    let mut head = Vec::with_capacity(512);
    let mut date = Date::default();
    while let Some(request) = next_request(&mut stream, &mut inbox).await? {
        let answer = Answer::to(&request, provider);
        if !provider.latency.is_zero() {
            tokio::time::sleep(provider.latency).await;
        }
        let [items, tail] = answer.write_head(date.now(), &mut head);
        stream.write_all_buf(&mut Buf::chain(head.as_slice(), items).chain(tail)).await?;
    }
    Ok(())
}

async fn next_request(stream: &mut TcpStream, inbox: &mut BytesMut) -> io::Result<Option<Request>> {
    loop {
        if let Some((request, length)) = parse(inbox)? {
            inbox.advance(length);
            return Ok(Some(request));
        }
        if inbox.len() > HEAD_CAP {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if stream.read_buf(inbox).await? == 0 {
            return if inbox.is_empty() { Ok(None) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
        }
    }
}

/// The first request in `bytes` and the length of its head, once the head is complete.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let (httparse::Status::Complete(length), Some(method), Some(target)) =
        (status, parsed.method, parsed.path)
    else {
        return Ok(None);
    };
    if parsed.headers.iter().any(announces_body) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the mock takes no request bodies"));
    }
    Ok(Some((Request { method: method.to_owned(), target: target.to_owned() }, length)))
}

fn announces_body(header: &httparse::Header<'_>) -> bool {
    header.name.eq_ignore_ascii_case("transfer-encoding")
        || header.name.eq_ignore_ascii_case("content-length") && header.value != b"0"
}

/// The value of the `Date` header, rendered once a second.
#[derive(Default)]
struct Date {
    second: u64,
    text: String,
}

impl Date {
    fn now(&mut self) -> &str {
        let now = SystemTime::now();
        let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if self.text.is_empty() || self.second != second {
            self.second = second;
            self.text = httpdate::fmt_http_date(now);
        }
        &self.text
    }
}
