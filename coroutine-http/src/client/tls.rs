//! TLS: which configuration a request wants, and the handshake.

use std::cell::RefCell;
use std::fmt;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use coroutine_core::tls::rustls::client::ResolvesClientCert;
use coroutine_core::tls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use coroutine_core::tls::rustls::crypto::{
    CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature,
};
use coroutine_core::tls::rustls::pki_types::pem::{self, PemObject};
use coroutine_core::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use coroutine_core::tls::rustls::sign::CertifiedKey;
use coroutine_core::tls::rustls::{
    self, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};
use coroutine_core::tls::{client_config, client_config_trusting};
use futures_rustls::TlsConnector;
use futures_rustls::client::TlsStream;
use url::Url;

use super::authority::Authority;
use super::error::{HttpError, Kind};
use super::options::complete;
use super::request::HttpRequest;
use super::step::BoxError;
use super::wire::Wire;
use crate::secret::Short;

/// TLS. Needs the feature `tls`.
impl HttpRequest {
    /// Uses this configuration, and nothing else that is said of TLS.
    #[must_use]
    pub fn ssl_options(self, config: Arc<ClientConfig>) -> Self {
        self.with(|parts| parts.options.tls.config = Some(config))
    }

    /// Whether the server has to prove who it is, as it has unless set here. One that need not may be anybody.
    #[must_use]
    pub fn validate_cert(self, validate: bool) -> Self {
        self.with(|parts| parts.options.tls.validate = Some(validate))
    }

    /// Trusts the authorities whose certificates are in this PEM file, and no others. It is read by the first fetch that needs it, and kept by the client.
    #[must_use]
    pub fn ca_certs(self, path: impl AsRef<Path>) -> Self {
        self.with(|parts| parts.options.tls.authorities = Some(path.as_ref().into()))
    }

    /// Proves to the server who the client is, with the certificates in a PEM file and the key in another, or in the same. They are read by the first fetch that needs
    /// them, and kept by the client. As other credentials, they are for no server that a redirect leads to, unless it is the same one.
    #[must_use]
    pub fn client_cert(self, certificates: impl AsRef<Path>, key: impl AsRef<Path>) -> Self {
        let (certificates, key) = (certificates.as_ref().into(), key.as_ref().into());
        self.with(|parts| parts.options.tls.identity = Some((certificates, key)))
    }
}

#[derive(Clone, Default)]
pub(crate) struct TlsOptions {
    pub(crate) config: Option<Arc<ClientConfig>>,
    validate: Option<bool>,
    authorities: Option<PathBuf>,
    /// Certificates and key.
    identity: Option<(PathBuf, PathBuf)>,
}

impl TlsOptions {
    pub(super) fn complete(&mut self, others: &Self) {
        complete(&mut self.config, &others.config);
        complete(&mut self.validate, &others.validate);
        complete(&mut self.authorities, &others.authorities);
        complete(&mut self.identity, &others.identity);
    }

    /// Proves to nobody any more who the client is.
    pub(super) fn remove_identity(&mut self) {
        self.identity = None;
        if let Some(config) = &mut self.config
            && config.client_auth_cert_resolver.has_certs()
        {
            Arc::make_mut(config).client_auth_cert_resolver = Arc::new(Nobody);
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.validate == other.validate
            && self.authorities == other.authorities
            && self.identity == other.identity
    }

    pub(crate) fn configure(&self) -> Result<Arc<ClientConfig>, BoxError> {
        let mut config = match (self.validate, &self.authorities) {
            (Some(false), _) => trusting_anybody()?,
            (_, Some(path)) => client_config_trusting(authorities(path)?),
            (_, None) => client_config(),
        };
        if let Some((certificates, key)) = &self.identity {
            let identity = identity(certificates, key)?;
            Arc::make_mut(&mut config).client_auth_cert_resolver = identity;
        }
        Ok(config)
    }
}

fn authorities(path: &Path) -> Result<RootCertStore, BoxError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unread(path, &error))? {
        roots.add(certificate.map_err(|error| unread(path, &error))?)?;
    }
    match roots.is_empty() {
        true => Err(format!("there is no certificate in {}", path.display()).into()),
        false => Ok(roots),
    }
}

fn identity(certificates: &Path, key: &Path) -> Result<Arc<dyn ResolvesClientCert>, BoxError> {
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unread(certificates, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unread(key, &error))?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(RootCertStore::empty())
        .with_client_auth_cert(chain, secret)?;
    Ok(config.client_auth_cert_resolver)
}

fn unread(path: &Path, error: &pem::Error) -> BoxError {
    format!("cannot take what is in {}: {error}", path.display()).into()
}

fn trusting_anybody() -> Result<Arc<ClientConfig>, BoxError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// Has no certificate to show.
#[derive(Debug)]
struct Nobody;

impl ResolvesClientCert for Nobody {
    fn resolve(
        &self,
        _authorities: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

/// Takes any certificate, if the server has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The configurations that a client has made, since that takes long, and connections are shared by requests that have the same one.
pub(super) struct Configs(RefCell<Vec<(TlsOptions, Security)>>);

impl Configs {
    pub(super) fn new() -> Self {
        Self(RefCell::default())
    }

    pub(super) fn security(&self, options: &TlsOptions, url: &Url) -> Result<Security, HttpError> {
        if let Some(config) = &options.config {
            return Ok(Security(Arc::clone(config)));
        }
        let mut known = self.0.borrow_mut();
        if let Some((_, security)) = known.iter().find(|(those, _)| those.is_same(options)) {
            return Ok(security.clone());
        }
        let made = options.configure();
        let config = made.map_err(|error| failed(TlsFault::Options(url.to_string()), error))?;
        let security = Security(config);
        known.push((options.clone(), security.clone()));
        Ok(security)
    }
}

/// How a connection is secured. Those with the same configuration are equal.
#[derive(Clone)]
pub(super) struct Security(Arc<ClientConfig>);

impl PartialEq for Security {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An encrypted connection.
pub(super) type Encrypted = TlsStream<Wire>;

/// Starts TLS.
pub(super) async fn secure(
    security: &Security,
    to: &Authority,
    wire: Wire,
) -> Result<Encrypted, HttpError> {
    let insecure = || TlsFault::Handshake(to.to_string());
    let name = ServerName::try_from(to.host.clone());
    let name = name.map_err(|error| failed(insecure(), error))?;
    let connector = TlsConnector::from(Arc::clone(&security.0));
    let secured = connector.connect(name, wire).await;
    secured.map_err(|error| failed(insecure(), error))
}

fn failed(fault: TlsFault, error: impl Into<BoxError>) -> HttpError {
    HttpError::caused(Kind::Tls(fault), error)
}

/// Why there is no TLS.
pub(super) enum TlsFault {
    /// What the request says of it cannot be used.
    Options(String),
    /// The connection could not be made a secure one.
    Handshake(String),
}

impl TlsFault {
    pub(super) fn is_handshake(&self) -> bool {
        matches!(self, Self::Handshake(_))
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Options(url) => {
                let url = Short(url);
                write!(
                    f,
                    "cannot fetch `{url}`: what is said of TLS cannot be used"
                )
            }
            Self::Handshake(place) => write!(f, "no secure connection to {place}"),
        }
    }
}
