//! TLS on the way out: a custom authority, a client certificate, a server name that is not in the URL.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::push::client::provider;
use crate::tasks::Tasks;

const SERVER_NAME: &str = "collector.example";

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key for that name, as PEM.
    fn issue(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// What a destination is configured with that trusts this authority and shows a certificate of `client`.
    fn settings(&self, home: &Path, client: Option<&Self>, server_name: &str) -> ClientTls {
        let write = |name: &str, text: String| {
            let path = home.join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let shown = client.map(|client| client.issue("bridge"));
        ClientTls {
            ca: Some(write("ca.crt", self.0.pem())),
            certificate: shown.as_ref().map(|pair| write("client.crt", pair.0.clone())),
            key: shown.map(|pair| write("client.key", pair.1)),
            server_name: Some(server_name.to_owned()),
        }
    }
}

/// TLS in front of a sink: it asks for a client certificate of the authority. Its port.
async fn front(authority: &Authority, sink: &Sink, tasks: &Tasks) -> u16 {
    let (certificate, key) = authority.issue(SERVER_NAME);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.0.pem().as_bytes()).unwrap()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap();
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    let mut config = builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let (acceptor, behind) = (TlsAcceptor::from(Arc::new(config)), sink.address);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (all, token) = (tasks.clone(), tasks.token());
    tasks.spawn(async move {
        loop {
            let stream = tokio::select! {
                () = token.cancelled() => return,
                accepted = listener.accept() => accepted.unwrap().0,
            };
            let (acceptor, token) = (acceptor.clone(), token.clone());
            all.spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let mut inside = TcpStream::connect(behind).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut outside, &mut inside) => {}
                    () = token.cancelled() => {}
                }
            });
        }
    });
    port
}

/// The right authority, client certificate and server name deliver by every transport; without one of them nothing is sent
/// or lost: it waits.
#[tokio::test]
async fn who_is_who() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    let tasks = Tasks::new();
    let port = front(&authority, &sink, &tasks).await;
    let start = |protocol, tls: ClientTls, name: &str| {
        let mut config = destination(name, &sink, protocol, &home.path().join("q"));
        config.endpoint = format!("https://127.0.0.1:{port}");
        config.tls = tls;
        Bench::start(&[config])
    };
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf, Protocol::HttpJson] {
        let bench = start(protocol, authority.settings(home.path(), Some(&authority), SERVER_NAME), "right");
        bench.submit(0, 10).await.unwrap();
        assert_eq!(bench.drained("right").await.delivered, 10, "{protocol:?}");
        bench.push.stop(STOP).await;
    }
    let before = sink.received().len();
    let wrong = [
        ("no-certificate", &authority, None, SERVER_NAME),
        ("strange-certificate", &authority, Some(&stranger), SERVER_NAME),
        ("another-name", &authority, Some(&authority), "elsewhere.example"),
        ("another-authority", &stranger, Some(&authority), SERVER_NAME),
    ];
    for protocol in [Protocol::Grpc, Protocol::HttpProtobuf] {
        for (what, trusted, client, server_name) in wrong {
            let bench = start(protocol, trusted.settings(home.path(), client, server_name), what);
            bench.submit(0, 10).await.unwrap();
            let books = bench.until(what, |books| books.retries > 0).await;
            assert_eq!(books.queue_items, books.accepted + books.recovered, "{protocol:?} {what}: {books:?}");
            assert_eq!(bench.facts(what).state, "retrying", "{protocol:?} {what}");
            bench.push.stop(Duration::ZERO).await;
        }
    }
    assert_eq!(sink.received().len(), before, "nothing came through");
    tasks.cancel();
    tasks.join().await;
}
