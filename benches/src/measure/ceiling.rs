//! How many pages a second the mock hands to a client that does nothing with them: by `wrk` where it is installed,
//! by a loop of our own where not. One connection, because the clients that are measured read one page after another.

use std::{
    io,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// How long the mock is asked.
const SPAN: Duration = Duration::from_secs(3);
const TARGET: &str = "/v1/charges?limit=100";

/// Pages a second, and the tool that found it.
pub async fn pages_per_second(port: u16) -> anyhow::Result<(f64, &'static str)> {
    let seconds = format!("-d{}s", SPAN.as_secs());
    let url = format!("http://127.0.0.1:{port}{TARGET}");
    match Command::new("wrk").args(["-t1", "-c1", &seconds, &url]).output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok((own_loop(port).await?, "own loop")),
        Err(error) => Err(error).context("starting wrk"),
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok((requests_per_second(&text).with_context(|| format!("wrk said:\n{text}"))?, "wrk"))
        }
    }
}

/// Reads the summary of `wrk`; none where answers were not 2xx.
fn requests_per_second(summary: &str) -> Option<f64> {
    if summary.contains("Non-2xx") {
        return None;
    }
    summary.lines().find_map(|line| line.strip_prefix("Requests/sec:")?.trim().parse().ok())
}

/// Asks for the same page again and again; every answer is as long as the first.
async fn own_loop(port: u16) -> anyhow::Result<f64> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let request = format!("GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let mut page = vec![0; 256 * 1024];
    stream.write_all(request.as_bytes()).await?;
    let length = first_answer(&mut stream, &mut page).await?;
    let (started, mut pages) = (Instant::now(), 0_u32);
    while started.elapsed() < SPAN {
        stream.write_all(request.as_bytes()).await?;
        stream.read_exact(&mut page[..length]).await?;
        pages += 1;
    }
    Ok(f64::from(pages) / started.elapsed().as_secs_f64())
}

/// Reads one answer and returns its length.
async fn first_answer(stream: &mut TcpStream, page: &mut [u8]) -> anyhow::Result<usize> {
    let mut read = 0;
    loop {
        read += stream.read(&mut page[read..]).await?;
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut response = httparse::Response::new(&mut headers);
        if let httparse::Status::Complete(head) = response.parse(&page[..read])? {
            let length =
                response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
            let length: usize = std::str::from_utf8(length.context("no Content-Length")?.value)?.parse()?;
            stream.read_exact(&mut page[read..head + length]).await?;
            return Ok(head + length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::requests_per_second;

    #[test]
    fn the_rate_is_read_from_the_summary_of_wrk() {
        let summary =
            "  61000 requests in 3.00s, 3.7GB read\nRequests/sec:  20333.31\nTransfer/sec:      1.2GB\n";
        assert_eq!(requests_per_second(summary), Some(20_333.31));
    }

    #[test]
    fn a_mock_that_answers_with_errors_has_no_rate() {
        assert_eq!(requests_per_second("Requests/sec:  20333.31\n  Non-2xx or 3xx responses: 61000\n"), None);
    }
}
