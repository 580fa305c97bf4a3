//! A provider that asks for a certificate gets the configured one, over a real handshake.

#[path = "../../../tests/servers/certificate.rs"]
mod certificate;

use std::sync::Arc;

use tieout_reconcilers::define::auth::tls::Tls;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{WantsServerCert, WebPkiClientVerifier};
use tokio_rustls::rustls::{ConfigBuilder, RootCertStore, ServerConfig};

use self::certificate::{Certified, certified, pem};
use super::double::{request, usual};
use super::settings;
use crate::source::{Client, NextStep, Sent, SourceError};

/// A server that talks to nobody but the holder of one certificate.
async fn strict(server: Certified, client: &Certified) -> String {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(client.certificate.clone())).unwrap();
    let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
    served(server, ServerConfig::builder().with_client_cert_verifier(verifier)).await
}

/// A server that nobody vouches for.
pub(crate) async fn untrusted_server() -> String {
    served(certified("server"), ServerConfig::builder().with_no_client_auth()).await
}

async fn served(server: Certified, config: ConfigBuilder<ServerConfig, WantsServerCert>) -> String {
    let key = PrivateKeyDer::Pkcs8(server.key.into());
    let config = config.with_single_cert(vec![CertificateDer::from(server.certificate)], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("https://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut asked = [0; 4096];
            let _some = stream.read(&mut asked).await;
            let _sent = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").await;
        }
    });
    base
}

/// Where a child process finds the provider, when this test runs itself again with other trusted certificates.
const PROVIDER: &str = "TIEOUT_TEST_STRICT_PROVIDER";
/// Where it finds its own certificate.
const FOLDER: &str = "TIEOUT_TEST_CERTIFICATES";

#[tokio::test]
async fn a_connection_shows_the_configured_certificate() {
    if let (Ok(base), Ok(folder)) = (std::env::var(PROVIDER), std::env::var(FOLDER)) {
        let read = |name: &str| std::fs::read_to_string(format!("{folder}/{name}")).unwrap();
        let mut settings = settings(&base);
        let without = Client::new(&settings).unwrap().send(&request("/a", &[]), None).await.unwrap_err();
        assert!(matches!(without, SourceError::Transport { .. }), "{without}");
        settings.tls = Some(Tls { cert: read("client.pem").into(), key: read("client.key").into() });
        let with = Client::new(&settings).unwrap().send(&request("/a", &[]), None).await.unwrap();
        assert_eq!(with.status, 200);
        return;
    }
    let (server, client) = (certified("server"), certified("client"));
    let folder = tempfile::tempdir().unwrap();
    for (name, what, der) in [
        ("server.pem", "CERTIFICATE", &server.certificate),
        ("client.pem", "CERTIFICATE", &client.certificate),
        ("client.key", "PRIVATE KEY", &client.key),
    ] {
        std::fs::write(folder.path().join(name), pem(what, der)).unwrap();
    }
    let base = strict(server, &client).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "source::tests::certificates::a_connection_shows_the_configured_certificate"]);
    child
        .env(PROVIDER, base)
        .env(FOLDER, folder.path())
        .env("SSL_CERT_FILE", folder.path().join("server.pem"));
    let ended = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_the_asking_at_once_and_says_what_to_do() {
    let client = Client::new(&settings(&untrusted_server().await)).unwrap();
    let refused = client.fetch(&request("/a", &[]), None, usual).await.unwrap_err();
    assert_eq!(refused.next_step(), NextStep::FixSettings, "{refused}");
    assert_eq!(client.sent(), Sent { failed: 1, ..Sent::default() }, "it is not asked again");
    insta::assert_snapshot!(refused);
}

#[test]
fn a_certificate_that_is_none_or_goes_unencrypted_is_refused_without_being_shown() {
    let mut settings = settings("https://127.0.0.1:1");
    settings.tls = Some(Tls { cert: "CANARY".into(), key: "CANARY".into() });
    let refused = Client::new(&settings).unwrap_err();
    assert_eq!(refused.to_string(), "`tls` is no certificate with its key in PEM");
    settings.base = "http://127.0.0.1:1".parse::<url::Url>().unwrap().into();
    let refused = Client::new(&settings).unwrap_err();
    assert_eq!(refused.to_string(), "a connection with a certificate of `tls` must be https");
    assert!(!format!("{settings:?}").contains("CANARY"));
}
