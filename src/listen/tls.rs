//! TLS of a listener. The files are read again when they change; a bad new file leaves the old certificate in use.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ServerConfig, WebPkiClientVerifier};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::config::listener::ServerTls;
use crate::listen::ListenError;
use crate::tasks::Tasks;

/// The certificate in use and the files that it came from.
#[derive(Debug)]
pub(crate) struct Certificates {
    files: ServerTls,
    key: String,
    current: ArcSwap<ServerConfig>,
}

/// What tells one version of a file from another.
type Version = Option<(SystemTime, u64)>;

impl Certificates {
    pub(crate) fn load(files: &ServerTls, key: &str) -> Result<Arc<Self>, ListenError> {
        let current = ArcSwap::new(read(files, key)?);
        Ok(Arc::new(Self { files: files.clone(), key: key.to_owned(), current }))
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load_full())
    }

    /// Looks at the files until the group stops.
    pub(crate) async fn watch(self: Arc<Self>, every: Duration, tasks: Tasks) {
        let mut seen = self.versions().await;
        loop {
            tokio::select! {
                () = tasks.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
            let now = self.versions().await;
            if now == seen {
                continue;
            }
            seen = now;
            match read(&self.files, &self.key) {
                Ok(config) => {
                    self.current.store(config);
                    tracing::info!(key = %self.key, "TLS files were read again");
                }
                Err(error) => tracing::warn!(%error, "the changed TLS files are not used; the old ones stay"),
            }
        }
    }

    async fn versions(&self) -> [Version; 3] {
        let authority = self.files.client_ca.as_deref();
        [version(Some(&self.files.certificate)).await, version(Some(&self.files.key)).await, version(authority).await]
    }
}

async fn version(path: Option<&Path>) -> Version {
    let facts = tokio::fs::metadata(path?).await.ok()?;
    Some((facts.modified().ok()?, facts.len()))
}

/// Everything that is wrong with the files, each with its key (`certificate`, `key`, `client_ca`).
pub(crate) fn examine(files: &ServerTls, key: &str) -> Vec<(&'static str, ListenError)> {
    let single = [
        ("certificate", chain(files, key).err()),
        ("key", private_key(files, key).err()),
        ("client_ca", clients(files, key).err()),
    ];
    let found: Vec<_> = single.into_iter().filter_map(|(name, error)| Some((name, error?))).collect();
    if !found.is_empty() {
        return found;
    }
    // Each can be read; do they belong together?
    read(files, key).err().into_iter().map(|error| ("certificate", error)).collect()
}

fn refused(path: &Path, key: &str, reason: &dyn std::fmt::Display) -> ListenError {
    ListenError::Tls { path: path.to_owned(), key: key.to_owned(), reason: reason.to_string() }
}

fn chain(files: &ServerTls, key: &str) -> Result<Vec<CertificateDer<'static>>, ListenError> {
    certificates(&files.certificate).map_err(|error| refused(&files.certificate, key, &error))
}

fn private_key(files: &ServerTls, key: &str) -> Result<PrivateKeyDer<'static>, ListenError> {
    PrivateKeyDer::from_pem_file(&files.key).map_err(|error| refused(&files.key, key, &error))
}

/// Who must show a certificate, and of which authority.
fn clients(files: &ServerTls, key: &str) -> Result<Arc<dyn ClientCertVerifier>, ListenError> {
    let Some(path) = &files.client_ca else { return Ok(Arc::new(NoClientAuth)) };
    let mut roots = RootCertStore::empty();
    for authority in certificates(path).map_err(|error| refused(path, key, &error))? {
        roots.add(authority).map_err(|error| refused(path, key, &error))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    verifier.map_err(|error| refused(path, key, &error))
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read(files: &ServerTls, key: &str) -> Result<Arc<ServerConfig>, ListenError> {
    let refused = |error: rustls::Error| refused(&files.certificate, key, &error);
    let (chain, private, clients) = (chain(files, key)?, private_key(files, key)?, clients(files, key)?);
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(refused)?
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, private)
        .map_err(refused)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, rustls_pki_types::pem::Error> {
    let chain = CertificateDer::pem_file_iter(path)?.collect::<Result<Vec<_>, _>>()?;
    if chain.is_empty() {
        return Err(rustls_pki_types::pem::Error::NoItemsFound);
    }
    Ok(chain)
}
