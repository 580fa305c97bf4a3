//! A proxy between tieout and a PostgreSQL server, which breaks a connection at one COMMIT, falls silent, or is slow. It knows as much of the
//! protocol as is needed for that.
//!
//! It works on threads of its own, since a test waits for the binary without yielding.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// How the message of a statement ends that commits.
const COMMIT: &[u8] = b"COMMIT\0";

/// What goes wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The first COMMIT after this text never reaches the server.
    Lost(&'static str),
    /// The first COMMIT after this text is done, and its answer never reaches the client.
    Unanswered(&'static str),
    /// From the first COMMIT after this text on nobody hears anything any more, on any connection, and none is closed.
    Silent(&'static str),
    /// Everything that the client says takes so long to reach the server.
    Slow(Duration),
}

pub(crate) struct Proxy {
    port: u16,
    has_struck: Arc<AtomicBool>,
}

impl Proxy {
    /// Stands before a port of this machine.
    pub(crate) fn before(server: u16, trouble: Trouble) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let has_struck = Arc::new(AtomicBool::new(false));
        let struck = Arc::clone(&has_struck);
        thread::spawn(move || {
            let mut silent = Vec::new();
            for client in listener.incoming().map_while(Result::ok) {
                if matches!(trouble, Trouble::Silent(_)) && struck.load(Ordering::SeqCst) {
                    silent.push(client);
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", server)).unwrap();
                carry(client, server, trouble, &struck);
            }
        });
        Self { port, has_struck }
    }

    /// The address of a database behind it, for the server's own superuser.
    pub(crate) fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Whether the connection was broken.
    pub(crate) fn has_struck(&self) -> bool {
        self.has_struck.load(Ordering::SeqCst)
    }
}

fn carry(client: TcpStream, server: TcpStream, trouble: Trouble, has_struck: &Arc<AtomicBool>) {
    let swallows = Arc::new(AtomicBool::new(false));
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (struck, swallowed) = (Arc::clone(has_struck), Arc::clone(&swallows));
    thread::spawn(move || there(from, to, trouble, &struck, &swallowed));
    let struck = Arc::clone(has_struck);
    let is_silent = move || {
        let nobody_hears = matches!(trouble, Trouble::Silent(_)) && struck.load(Ordering::SeqCst);
        swallows.load(Ordering::SeqCst) || nobody_hears
    };
    thread::spawn(move || back(server, client, &is_silent));
}

/// What the client says.
fn there(
    mut client: TcpStream,
    mut server: TcpStream,
    trouble: Trouble,
    has_struck: &AtomicBool,
    swallows: &AtomicBool,
) {
    let mut buffer = vec![0; 1 << 16];
    let mut is_near = false;
    while let Ok(n) = client.read(&mut buffer) {
        let said = &buffer[..n];
        if n == 0 {
            break;
        }
        let (Trouble::Lost(after) | Trouble::Unanswered(after) | Trouble::Silent(after)) = trouble else {
            if let Trouble::Slow(time) = trouble {
                thread::sleep(time);
            }
            if server.write_all(said).is_err() {
                break;
            }
            continue;
        };
        is_near |= contains(said, after.as_bytes());
        let strikes = is_near && contains(said, COMMIT) && !has_struck.swap(true, Ordering::SeqCst);
        if strikes && trouble == Trouble::Lost(after) {
            break;
        }
        if trouble == Trouble::Silent(after) && has_struck.load(Ordering::SeqCst) {
            // It is kept, so that nobody hears it close.
            thread::sleep(Duration::from_hours(1));
        }
        // Whoever reads the answer must know before there is one.
        swallows.fetch_or(strikes, Ordering::SeqCst);
        if server.write_all(said).is_err() {
            break;
        }
    }
    if !swallows.load(Ordering::SeqCst) {
        close(&client, &server);
    }
}

/// What the server answers.
fn back(mut server: TcpStream, mut client: TcpStream, is_silent: &dyn Fn() -> bool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(n) = server.read(&mut buffer) {
        if n == 0 || is_silent() || client.write_all(&buffer[..n]).is_err() {
            break;
        }
    }
    close(&client, &server);
}

fn close(client: &TcpStream, server: &TcpStream) {
    for end in [client, server] {
        let _already_closed = end.shutdown(Shutdown::Both);
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
