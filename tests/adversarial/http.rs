//! A small HTTP/1.1 server that can be as wrong as a test wants it: a reply is a proper answer, or any bytes at all.
//!
//! It records every request, and it never judges one.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use url::Url;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query.
    pub(crate) url: Url,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// What was sent with it; empty where nothing was.
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn path(&self) -> &str {
        self.url.path()
    }

    /// A query parameter.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The same request with another value of a query parameter.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.without(name);
        other.url.query_pairs_mut().append_pair(name, value);
        other
    }

    /// The same request without a query parameter.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut other = self.clone();
        let others: Vec<_> = self.url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        other.url.query_pairs_mut().clear().extend_pairs(others);
        other
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What the server does about a request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A proper answer on a connection that stays open.
    Says(Says),
    /// These bytes, and then something else.
    Bytes(Vec<u8>, Then),
}

/// A proper answer; its length is added.
#[derive(Debug, Clone)]
pub(crate) struct Says {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// What follows the bytes of a reply.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    /// The next request is awaited, as if nothing were wrong.
    Goes,
    /// The connection ends.
    Closes,
    /// One more byte each time this has passed, for ever.
    Drips(Duration),
    /// This piece as fast as it is taken, for ever.
    Floods(Vec<u8>),
    /// Nothing any more, and the connection stays open.
    Hangs,
}

impl Reply {
    pub(crate) fn json(status: u16, body: impl ToString) -> Self {
        Self::says(status, body.to_string()).with("content-type", "application/json")
    }

    pub(crate) fn says(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self::Says(Says { status, headers: Vec::new(), body: body.into() })
    }

    /// The same with a header more.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        match &mut self {
            Self::Says(says) => says.headers.push((name.to_owned(), value.to_string())),
            Self::Bytes(..) => panic!("bytes have no headers"),
        }
        self
    }

    /// The bytes of a proper answer.
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes, _) => bytes,
            Self::Says(Says { status, headers, body }) => {
                let mut head = format!("HTTP/1.1 {status} Says\r\n");
                for (name, value) in headers {
                    let _ = write!(head, "{name}: {value}\r\n");
                }
                if status != 204 && status != 304 {
                    let _ = write!(head, "content-length: {}\r\n", body.len());
                }
                [head.as_bytes(), b"\r\n", &body].concat()
            }
        }
    }
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server on loopback.
pub(crate) struct Listener {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Listener {
    pub(crate) fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let handler: Arc<Handler> = Arc::new(handler);
        let (stopped, record) = (Arc::clone(&stop), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::SeqCst) {
                    break;
                }
                let (handler, record) = (Arc::clone(&handler), Arc::clone(&record));
                // How a connection ends is for the client's side of the test to say.
                thread::spawn(move || serve(stream, &*handler, &record));
            }
        });
        Self { address, stop, asked }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// Forgets the requests so far.
    pub(crate) fn forget(&self) {
        self.asked.lock().unwrap().clear();
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees that it is over.
        let _woken = TcpStream::connect(self.address);
    }
}

fn serve(stream: TcpStream, handler: &Handler, record: &Mutex<Vec<Asked>>) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let asked = read(&mut reader)?;
        record.lock().unwrap().push(asked.clone());
        let (bytes, then) = match handler(&asked) {
            Reply::Bytes(bytes, then) => (bytes, then),
            says @ Reply::Says(_) => (says.bytes(), Then::Goes),
        };
        writer.write_all(&bytes).ok()?;
        match then {
            Then::Goes => {}
            Then::Closes => return writer.shutdown(Shutdown::Both).ok(),
            Then::Drips(pause) => loop {
                thread::sleep(pause);
                writer.write_all(b" ").ok()?;
            },
            Then::Floods(piece) => loop {
                writer.write_all(&piece).ok()?;
            },
            Then::Hangs => return reader.read(&mut [0]).ok().map(|_| ()),
        }
    }
}

/// The next request of a connection, or nothing where it is over.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        Some(line.trim_end().to_owned())
    };
    let first = line()?;
    let mut parts = first.split(' ');
    let (method, target) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = line()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    let url = Url::parse("http://server.test").ok()?.join(&target).ok()?;
    Some(Asked { method, url, headers, body: String::from_utf8_lossy(&body).into_owned() })
}
