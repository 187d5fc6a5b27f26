//! Whom a URL names.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::error::{HttpError, Kind};

/// A host and a port to connect to.
pub(super) struct Authority {
    /// A name or an address; that of IPv6 without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Authority {
    /// Whom `url` names, if that can be connected to.
    pub(super) fn of(url: &Url) -> Result<Self, HttpError> {
        match url.scheme() {
            "http" => {}
            "https" => return Err(HttpError::new(Kind::Tls(url.to_string()))),
            scheme => return Err(HttpError::new(Kind::Scheme(scheme.to_owned()))),
        }
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(HttpError::new(Kind::Url(url.to_string()))),
        };
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self { host, port })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        match host.contains(':') {
            true => write!(f, "[{host}]:{port}"),
            false => write!(f, "{host}:{port}"),
        }
    }
}

/// The value of the Host header (RFC 9110, 7.2).
pub(super) fn host_header(url: &Url) -> Option<HeaderValue> {
    let host = url.host_str()?;
    match url.port() {
        Some(port) => HeaderValue::try_from(format!("{host}:{port}")).ok(),
        None => HeaderValue::try_from(host).ok(),
    }
}

/// Takes the name and the password out of a URL, which is shown in messages, and gives them as the value of the Authorization header (RFC 7617).
pub(super) fn take_credentials(url: &mut Url) -> Option<HeaderValue> {
    let value = basic_authorization(url);
    // They fail where the URL cannot have any.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    value
}

fn basic_authorization(url: &Url) -> Option<HeaderValue> {
    let (name, password) = (url.username(), url.password());
    if name.is_empty() && password.is_none() {
        return None;
    }
    let mut credentials: Vec<u8> = percent_decode_str(name).collect();
    credentials.push(b':');
    credentials.extend(percent_decode_str(password.unwrap_or_default()));
    let value = format!("Basic {}", STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
