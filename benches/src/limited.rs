//! A provider that permits so many requests and refuses the rest: a token bucket behind HTTP, with every manner of saying so.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The longest head of a request that is read.
const MAX_HEAD: usize = 16 * 1024;

/// What the provider permits.
#[derive(Clone, Copy, Debug)]
pub struct Permits {
    /// Requests per second over a long time.
    pub per_second: u32,
    /// Requests at once after a pause.
    pub burst: u32,
}

/// What its answers show of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shows {
    /// Nothing but a refusal with `Retry-After: 1`.
    Refusals,
    /// `X-RateLimit-Remaining`, and `X-RateLimit-Reset` in whole seconds since 1970.
    Left,
    /// `RateLimit` as the IETF draft writes it.
    RateLimit,
}

/// What came in.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Requests that were answered.
    pub taken: u32,
    /// Requests that were refused.
    pub refused: u32,
    /// From the first that was answered to the last.
    pub span: Duration,
}

/// The provider.
#[derive(Debug)]
pub struct Limited {
    permits: Permits,
    shows: Shows,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    level: f64,
    at: Instant,
    taken: u32,
    refused: u32,
    ends: Option<(Instant, Instant)>,
}

impl Limited {
    /// Answers on a free port of loopback, for as long as the runtime lives.
    pub async fn start(permits: Permits, shows: Shows) -> anyhow::Result<(Arc<Self>, Url)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}", listener.local_addr()?).parse()?;
        let level = f64::from(permits.burst);
        let bucket = Bucket { level, at: Instant::now(), taken: 0, refused: 0, ends: None };
        let limited = Arc::new(Self { permits, shows, bucket: Mutex::new(bucket) });
        let server = Arc::clone(&limited);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = Arc::clone(&server);
                tokio::spawn(async move {
                    // A client that goes away is the end of its connection and of nothing else.
                    drop(server.serve(stream).await);
                });
            }
        });
        Ok((limited, url))
    }

    /// What came in so far.
    pub fn seen(&self) -> Seen {
        let bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let span = bucket.ends.map(|(first, last)| last - first).unwrap_or_default();
        Seen { taken: bucket.taken, refused: bucket.refused, span }
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut head = Vec::new();
        while head.len() < MAX_HEAD && stream.read_buf(&mut head).await? > 0 {
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                stream.write_all(self.answer().as_bytes()).await?;
            }
        }
        Ok(())
    }

    fn answer(&self) -> String {
        let (taken, left) = self.take();
        let mut head = if taken {
            "HTTP/1.1 200 OK\r\n".to_owned()
        } else {
            "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1\r\n".to_owned()
        };
        let burst = self.permits.burst;
        let until_full = (f64::from(burst) - left) / f64::from(self.permits.per_second);
        let said = match self.shows {
            Shows::Refusals => Ok(()),
            Shows::Left => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let reset = (now.as_secs_f64() + until_full).ceil();
                write!(head, "x-ratelimit-remaining: {left}\r\nx-ratelimit-reset: {reset}\r\n")
            }
            Shows::RateLimit => {
                let reset = until_full.ceil();
                write!(
                    head,
                    "ratelimit-policy: \"all\";q={burst};w=1\r\nratelimit: \"all\";r={left};t={reset}\r\n"
                )
            }
        };
        debug_assert!(said.is_ok(), "a text takes everything");
        head + "content-type: application/json\r\ncontent-length: 11\r\n\r\n{\"data\":[]}"
    }

    /// Whether a request is taken, and how many whole ones are left after it.
    fn take(&self) -> (bool, f64) {
        let now = Instant::now();
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let back = f64::from(self.permits.per_second) * (now - bucket.at).as_secs_f64();
        bucket.level = (bucket.level + back).min(f64::from(self.permits.burst));
        bucket.at = now;
        let taken = bucket.level >= 1.0;
        if taken {
            bucket.level -= 1.0;
            bucket.taken += 1;
            let first = bucket.ends.map_or(now, |(first, _)| first);
            bucket.ends = Some((first, now));
        } else {
            bucket.refused += 1;
        }
        (taken, bucket.level.floor())
    }
}
