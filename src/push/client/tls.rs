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
        Some(name) => builder.with_server_name_resolver(FixedServerNameResolver::new(server_name(name)?)),
        None => builder,
    };
    Ok(match destination.protocol {
        Protocol::Grpc => builder.enable_http2().wrap_connector(http),
        Protocol::HttpProtobuf | Protocol::HttpJson => builder.enable_http1().wrap_connector(http),
    })
}

/// Everything that is wrong with the files and the name, each with its key under `tls`.
pub(crate) fn examine(tls: &ClientTls, secure: bool) -> Vec<(&'static str, String)> {
    let single = [
        ("ca", roots(tls, secure).err()),
        ("certificate", tls.certificate.as_deref().and_then(|path| certificates(path).err())),
        ("key", tls.key.as_deref().and_then(|path| private_key(path).err())),
        ("server_name", tls.server_name.as_deref().and_then(|name| server_name(name).err())),
    ];
    let found: Vec<_> = single.into_iter().filter_map(|(key, reason)| Some((key, reason?))).collect();
    if !found.is_empty() {
        return found;
    }
    // Each can be read; do they belong together?
    client_config(tls, secure).err().into_iter().map(|reason| ("certificate", reason)).collect()
}

fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned()).map_err(|_| "`tls.server_name` is not a name".to_owned())
}

/// Whom the client trusts; nobody has to be where nothing is secure.
fn roots(tls: &ClientTls, secure: bool) -> Result<RootCertStore, String> {
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
    Ok(roots)
}

fn client_config(tls: &ClientTls, secure: bool) -> Result<ClientConfig, String> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots(tls, secure)?);
    match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            let (chain, key) = (certificates(certificate)?, private_key(key)?);
            builder.with_client_auth_cert(chain, key).map_err(|error| format!("{}: {error}", certificate.display()))
        }
        (None, None) => Ok(builder.with_no_client_auth()),
        _ => Err("`tls.certificate` and `tls.key` go together".to_owned()),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| format!("{}: {error}", path.display()))
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
