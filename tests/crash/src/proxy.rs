//! A way to the database that can be cut: our own TCP proxy between the program and the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinHandle;

/// A proxy on a port of its own, until it is dropped.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    cuts: broadcast::Sender<()>,
    is_closed: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        let _ = self.cuts.send(());
    }
}

impl Proxy {
    /// Leads to a port of this machine.
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cuts, _) = broadcast::channel(1);
        let is_closed = Arc::new(AtomicBool::new(false));
        let (for_each, closed) = (cuts.clone(), Arc::clone(&is_closed));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if closed.load(Ordering::SeqCst) {
                    continue;
                }
                let cut = for_each.subscribe();
                tokio::spawn(lead(client, to, cut));
            }
        });
        Self { port, cuts, is_closed, task }
    }

    /// Cuts every connection.
    pub(crate) fn cut(&self) {
        let _ = self.cuts.send(());
    }

    /// Cuts every connection, and lets no new one through for a while.
    pub(crate) async fn close_for(&self, time: Duration) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.cut();
        tokio::time::sleep(time).await;
        self.is_closed.store(false, Ordering::SeqCst);
    }
}

async fn lead(mut client: TcpStream, to: u16, mut cut: broadcast::Receiver<()>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = cut.recv() => {}
    }
}
