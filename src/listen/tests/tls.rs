//! TLS: both protocols, client certificates, reload, and broken handshakes.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::sync::atomic::Ordering;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "test authority");
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Certificate and key as PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let certificate =
            CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn client(&self, alpn: &str, identity: Option<(String, String)>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.0.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(roots);
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        config.alpn_protocols = vec![alpn.as_bytes().to_vec()];
        config
    }
}

fn write(directory: &tempfile::TempDir, pair: &(String, String)) -> ServerTls {
    let (certificate, key) = (directory.path().join("tls.crt"), directory.path().join("tls.key"));
    std::fs::write(&key, &pair.1).unwrap();
    std::fs::write(&certificate, &pair.0).unwrap();
    ServerTls { certificate, key, client_ca: None }
}

async fn connect(bench: &Bench, config: ClientConfig) -> io::Result<TlsStream<TcpStream>> {
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, bench.connect().await).await
}

async fn get_over(stream: &mut TlsStream<TcpStream>) -> String {
    if stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.is_err() {
        return String::new();
    }
    until_closed(stream).await
}

/// HTTP/1.1 and HTTP/2 by ALPN.
#[tokio::test]
async fn both_protocols() {
    let (authority, directory) = (Authority::new(), tempfile::tempdir().unwrap());
    let tls = Some(write(&directory, &authority.issue()));
    let bench = Bench::new(&Listener { tls, ..config() }, Timings::default());
    let mut stream = connect(&bench, authority.client("http/1.1", None)).await.unwrap();
    assert!(get_over(&mut stream).await.ends_with("hello"));
    let stream = connect(&bench, authority.client("h2", None)).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let executor = hyper_util::rt::TokioExecutor::new();
    let io = hyper_util::rt::TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let request = Request::get("https://localhost/").body(http_body_util::Empty::<Bytes>::new()).unwrap();
    tokio::select! {
        response = sender.send_request(request) => assert_eq!(response.unwrap().status(), 200),
        ended = connection => panic!("{ended:?}"),
    }
}

/// Contract §9: with `client_ca` no connection is made without a certificate of it.
#[tokio::test]
async fn client_certificates() {
    let (authority, stranger, directory) = (Authority::new(), Authority::new(), tempfile::tempdir().unwrap());
    let mut tls = write(&directory, &authority.issue());
    let client_ca = directory.path().join("ca.crt");
    std::fs::write(&client_ca, authority.0.pem()).unwrap();
    tls.client_ca = Some(client_ca);
    let bench = Bench::new(&Listener { tls: Some(tls), ..config() }, Timings::default());
    let mut known = connect(&bench, authority.client("http/1.1", Some(authority.issue()))).await.unwrap();
    assert!(get_over(&mut known).await.ends_with("hello"));
    for identity in [None, Some(stranger.issue())] {
        // In TLS 1.3 the client learns of it with its first read.
        if let Ok(mut stream) = connect(&bench, authority.client("http/1.1", identity)).await {
            assert_eq!(get_over(&mut stream).await, "");
        }
    }
}

/// F17: new files are used without a restart; a bad file leaves the old certificate in use.
#[tokio::test]
async fn files_are_read_again() {
    let (old, new, directory) = (Authority::new(), Authority::new(), tempfile::tempdir().unwrap());
    let tls = write(&directory, &old.issue());
    let bench = Bench::new(&Listener { tls: Some(tls.clone()), ..config() }, quick());
    std::fs::write(&tls.certificate, "no certificate at all").unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(connect(&bench, old.client("http/1.1", None)).await.is_ok());
    write(&directory, &new.issue());
    for _ in 0..200 {
        if connect(&bench, new.client("http/1.1", None)).await.is_ok() {
            assert!(connect(&bench, old.client("http/1.1", None)).await.is_err());
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the new certificate is not used");
}

/// H: garbage and half handshakes are closed and counted; a good client is served meanwhile.
#[tokio::test]
async fn broken_handshakes() {
    let (authority, directory) = (Authority::new(), tempfile::tempdir().unwrap());
    let tls = Some(write(&directory, &authority.issue()));
    let bench = Bench::new(&Listener { tls, ..config() }, quick());
    let mut half = Vec::new();
    for start in [&b""[..], b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"] {
        let mut stream = bench.connect().await;
        stream.write_all(start).await.unwrap();
        half.push(stream);
    }
    let mut stream = connect(&bench, authority.client("http/1.1", None)).await.unwrap();
    assert!(get_over(&mut stream).await.ends_with("hello"));
    for mut stream in half {
        until_closed(&mut stream).await;
    }
    bench.until_tasks(2).await;
    assert_eq!(bench.served.stats.handshakes_failed.load(Ordering::Relaxed), 3);
}

/// Files that cannot be used stop the start, named with their key.
#[tokio::test]
async fn a_bad_file_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let tls = write(&directory, &("nothing".to_owned(), "nothing".to_owned()));
    let config = Listener { tls: Some(tls), ..config() };
    let door = Arc::new(RouterDoor::new(Router::new()));
    let served = serve(bind(&config).unwrap(), door, Timings::default(), &Clock::manual(0), &Tasks::new());
    let error = served.unwrap_err().to_string();
    assert!(error.contains("tls.crt") && error.contains("pull[0].tls"), "{error}");
}
