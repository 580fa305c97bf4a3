//! A way to a broker that breaks once, after so many bytes, and lets nobody through until it is mended. It knows no protocol.
//!
//! It works on threads of its own, since a test waits for the binary without yielding.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Whose bytes are lost when it breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// What the broker is told.
    Requests,
    /// What it answers: it has what it was told.
    Answers,
}

/// What it does when it breaks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// It hangs up, and what comes next of a side is lost.
    Loses(Side),
    /// It holds what the broker is told, until the broker itself hangs up.
    Holds,
}

/// A broker that has answered nothing for so long has answered everything.
const QUIET: Duration = Duration::from_millis(500);

pub(super) struct Link {
    port: u16,
    state: Arc<State>,
}

struct State {
    breaks: Break,
    /// How many bytes the broker may still be told.
    left: AtomicUsize,
    /// What it is told when it breaks, once those are through; nothing where that is all the same.
    word: &'static str,
    /// Whether the next bytes of that side are lost.
    is_due: AtomicBool,
    has_struck: AtomicBool,
    is_mended: AtomicBool,
    /// When the broker answered last.
    answered: Mutex<Instant>,
}

impl Link {
    /// A link to a port of this machine that breaks once the broker was told so many bytes.
    pub(super) fn before(broker: u16, breaks: Break, bytes: usize) -> Self {
        Self::before_word(broker, breaks, bytes, "")
    }

    /// The same, which waits for a word after that. The word has to be told in one piece.
    pub(super) fn before_word(broker: u16, breaks: Break, bytes: usize, word: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let [is_due, has_struck, is_mended] = [false; 3].map(AtomicBool::new);
        let (left, answered) = (AtomicUsize::new(bytes), Mutex::new(Instant::now()));
        let state = Arc::new(State { breaks, left, word, is_due, has_struck, is_mended, answered });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if !shared.is_broken()
                    && let Ok(server) = TcpStream::connect(("127.0.0.1", broker))
                {
                    carry(&client, &server, &shared);
                }
            }
        });
        Self { port, state }
    }

    pub(super) const fn port(&self) -> u16 {
        self.port
    }

    /// Whether it has broken.
    pub(super) fn has_struck(&self) -> bool {
        self.state.has_struck.load(Ordering::SeqCst)
    }

    /// Whether the broker has answered everything that it was told whole before it struck.
    pub(super) fn is_quiet(&self) -> bool {
        self.has_struck() && self.state.answered.lock().unwrap().elapsed() > QUIET
    }

    /// Lets everything through from now on.
    pub(super) fn mend(&self) {
        self.state.is_mended.store(true, Ordering::SeqCst);
    }
}

impl State {
    fn is_broken(&self) -> bool {
        self.has_struck.load(Ordering::SeqCst) && !self.is_mended.load(Ordering::SeqCst)
    }

    /// Whether some bytes of a side may pass.
    fn lets_pass(&self, side: Side, bytes: &[u8]) -> bool {
        // What it is told may be answered, too.
        *self.answered.lock().unwrap() = Instant::now();
        if self.is_mended.load(Ordering::SeqCst) {
            return true;
        }
        if side == Side::Requests && self.is_over(bytes) {
            self.is_due.store(true, Ordering::SeqCst);
        }
        let lost = match self.breaks {
            Break::Loses(lost) => lost,
            Break::Holds => Side::Requests,
        };
        let strikes = side == lost && self.is_due.load(Ordering::SeqCst);
        self.has_struck.fetch_or(strikes, Ordering::SeqCst);
        !strikes
    }

    /// Whether, with these bytes, the broker is told more than it may be, and the word.
    fn is_over(&self, bytes: &[u8]) -> bool {
        let less = |left: usize| Some(left.saturating_sub(bytes.len()));
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).unwrap();
        let word = self.word.as_bytes();
        left < bytes.len() && (word.is_empty() || bytes.windows(word.len()).any(|part| part == word))
    }

    /// Waits, where it holds what is told, until somebody mends it.
    fn hold(&self) {
        while self.breaks == Break::Holds && self.is_broken() {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

fn carry(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    for side in [Side::Requests, Side::Answers] {
        let [client, server] = [client, server].map(|stream| stream.try_clone().unwrap());
        let (mut from, mut to) = if side == Side::Requests { (client, server) } else { (server, client) };
        let state = Arc::clone(state);
        thread::spawn(move || {
            let mut buffer = vec![0; 4 << 10];
            loop {
                let read = from.read(&mut buffer).unwrap_or(0);
                let passes = read > 0 && state.lets_pass(side, &buffer[..read]);
                if read > 0 && !passes {
                    state.hold();
                }
                if !passes || to.write_all(&buffer[..read]).is_err() {
                    break;
                }
            }
            for stream in [&from, &to] {
                // The other thread may have closed it already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
    }
}
