//! TLS of outgoing connections: the provider is named here, never taken from the process.

use std::path::Path;
use std::time::Duration;

use hyper_rustls::{FixedServerNameResolver, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};

use crate::config::push::{ClientTls, Destination, Protocol};
use crate::push::client::provider;

/// A connector for the destination; authorities are read only when it is `secure`.
pub(crate) fn connector(
    destination: &Destination,
    secure: bool,
    connect_timeout: Duration,
) -> Result<HttpsConnector<HttpConnector>, String> {
    let config = client_config(&destination.tls, secure)?;
    let mut http = HttpConnector::new();
    http.enforce_http(false);
    http.set_nodelay(true);
    http.set_connect_timeout(Some(connect_timeout));
    http.set_keepalive(Some(Duration::from_mins(1)));
    let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
    let builder = match &destination.tls.server_name {
        Some(name) => {
            let name = ServerName::try_from(name.clone()).map_err(|_| "`tls.server_name` is not a name".to_owned())?;
            builder.with_server_name_resolver(FixedServerNameResolver::new(name))
        }
        None => builder,
    };
    Ok(match destination.protocol {
        Protocol::Grpc => builder.enable_http2().wrap_connector(http),
        Protocol::HttpProtobuf | Protocol::HttpJson => builder.enable_http1().wrap_connector(http),
    })
}

fn client_config(tls: &ClientTls, secure: bool) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match &tls.ca {
        _ if !secure => {}
        Some(path) => {
            for certificate in certificates(path)? {
                roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
            }
        }
        None => {
            let native = rustls_native_certs::load_native_certs();
            if native.certs.is_empty() {
                return Err("the system has no certificate authorities; name one as `tls.ca`".to_owned());
            }
            roots.add_parsable_certificates(native.certs);
        }
    }
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots);
    match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            let chain = certificates(certificate)?;
            let key_der = PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
            builder.with_client_auth_cert(chain, key_der).map_err(|error| error.to_string())
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err("`tls.certificate` and `tls.key` go together".to_owned()),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let failed = |error: rustls_pki_types::pem::Error| format!("{}: {error}", path.display());
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(failed)?.collect();
    let all = all.map_err(failed)?;
    if all.is_empty() {
        return Err(format!("{}: there is no certificate in it", path.display()));
    }
    Ok(all)
}
