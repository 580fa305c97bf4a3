//! TLS in front of a broker that speaks none. Like a link it works on a thread of its own, since a test waits for the binary without yielding.

use std::net::TcpListener as Listener;
use std::sync::Arc;
use std::thread;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate::Certified;

/// Speaks TLS with a certificate for a port of this machine, and says at which port.
pub(super) fn before(broker: u16, server: &Certified) -> u16 {
    let key = PrivateKeyDer::Pkcs8(server.key.clone().into());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(server.certificate.clone())], key)
        .unwrap();
    let listener = Listener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(serve(listener, broker, acceptor));
    });
    port
}

async fn serve(listener: Listener, broker: u16, acceptor: TlsAcceptor) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((client, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who does not trust the certificate hangs up.
            let Ok(mut client) = acceptor.accept(client).await else { return };
            let Ok(mut broker) = TcpStream::connect(("127.0.0.1", broker)).await else { return };
            let _ended = copy_bidirectional(&mut client, &mut broker).await;
        });
    }
}
