//! Configurations of TLS for [`IoStream::start_tls_client`](crate::IoStream::start_tls_client) and
//! [`IoStream::start_tls_server`](crate::IoStream::start_tls_server). Needs the feature `tls`.
//!
//! They are those of [`rustls`], which is exported here in the version that is used.

use std::sync::Arc;

pub use futures_rustls::rustls;

use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

pub use crate::io_stream::tls::HandshakeError;

/// A client's configuration that trusts the authorities which Mozilla's browsers trust. The list is compiled in: it does not depend on the system, and is renewed with the program.
///
/// ```
/// use coroutine_core::{self as co, IoStream, net::TcpStream, net::lookup_host, tls};
///
/// #[co::coroutine]
/// fn connect(host: String) -> std::io::Result<IoStream> {
///     let addresses = yield_!(lookup_host(&host, 443))?;
///     let stream = IoStream::new(yield_!(TcpStream::connect(addresses[0]))?);
///     yield_!(stream.start_tls_client(tls::client_config(), &host))?;
///     Ok(stream)
/// }
/// ```
#[must_use]
pub fn client_config() -> Arc<ClientConfig> {
    let roots = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    client_config_trusting(roots)
}

/// A client's configuration that trusts the given authorities, for networks that have their own.
#[must_use]
pub fn client_config_trusting(roots: RootCertStore) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider is made for these versions");
    Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
}

/// A server's configuration with a certificate, the chain that leads to its authority, and its key.
///
/// Files in PEM are read by `CertificateDer::pem_file_iter(path)` and `PrivateKeyDer::from_pem_file(path)`, with the trait `PemObject` of
/// `rustls::pki_types::pem`.
///
/// # Errors
///
/// Fails when the key is not one that can be used, or does not belong to the certificate.
pub fn server_config(
    certificates: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    let config = builder
        .with_no_client_auth()
        .with_single_cert(certificates, key)?;
    Ok(Arc::new(config))
}
