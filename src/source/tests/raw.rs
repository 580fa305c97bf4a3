//! A server that can break HTTP in ways that a well-behaved mock cannot.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// How a connection is answered.
#[derive(Clone)]
pub(super) enum Does {
    /// Sends these bytes and closes.
    Says(Vec<u8>),
    /// Sends these bytes, and then one more each time this has passed, for ever.
    Drips(Vec<u8>, Duration),
    /// Sends these bytes, and then this piece as fast as it is taken, for ever.
    Floods(Vec<u8>, Vec<u8>),
    /// Sends nothing and keeps the connection open.
    Hangs,
}

pub(super) struct RawServer {
    pub(super) uri: String,
    connections: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

impl RawServer {
    /// Answers the n-th connection as the n-th entry says, and all further ones as the last.
    pub(super) async fn start(script: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(AtomicUsize::new(0));
        let (count, done) = (Arc::clone(&connections), Arc::clone(&ended));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let turn = count.fetch_add(1, Ordering::SeqCst).min(script.len() - 1);
                let (does, done) = (script[turn].clone(), Arc::clone(&done));
                tokio::spawn(async move {
                    // How it ended is for the client's side of the test to say.
                    let _outcome = serve(stream, does).await;
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
        });
        Self { uri, connections, ended }
    }

    /// How many connections are over.
    pub(super) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// A complete response with a length that may be a lie.
pub(super) fn response(length: usize, body: &[u8]) -> Vec<u8> {
    let mut bytes =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n")
            .into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

async fn serve(mut stream: TcpStream, does: Does) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    match does {
        Does::Says(bytes) => stream.write_all(&bytes).await,
        Does::Drips(bytes, pause) => {
            stream.write_all(&bytes).await?;
            loop {
                tokio::time::sleep(pause).await;
                stream.write_all(b" ").await?;
            }
        }
        Does::Floods(bytes, piece) => {
            stream.write_all(&bytes).await?;
            loop {
                stream.write_all(&piece).await?;
            }
        }
        Does::Hangs => {
            // Until the client gives up.
            stream.read_u8().await.map(|_| ())
        }
    }
}
