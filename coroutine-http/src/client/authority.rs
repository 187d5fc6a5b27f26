//! Whom a URL names.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use percent_encoding::percent_decode_str;
use url::{Position, Url};

use super::error::{HttpError, Kind};

/// A host and a port to connect to.
#[derive(Clone, PartialEq)]
pub(super) struct Authority {
    /// A name or an address; that of IPv6 without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Authority {
    /// Whom `url` names, if that can be connected to.
    pub(super) fn of(url: &Url) -> Result<Self, HttpError> {
        let (host, port) = place(url)?;
        let host = host.to_owned();
        Ok(Self { host, port })
    }

    /// Whether `url` names it.
    pub(super) fn is_of(&self, url: &Url) -> bool {
        place(url).is_ok_and(|(host, port)| self.port == port && self.host == host)
    }
}

/// The host and the port that `url` names, if that can be connected to.
pub(super) fn place(url: &Url) -> Result<(&str, u16), HttpError> {
    let port = match url.scheme() {
        "http" => 80,
        "https" => 443,
        other => return Err(HttpError::new(Kind::Scheme(other.to_owned()))),
    };
    let Some(host) = url.host_str() else {
        return Err(HttpError::new(Kind::Url(url.to_string())));
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host, url.port().unwrap_or(port)))
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
    // A port that is the scheme's own is not in the URL.
    HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]).ok()
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
    let name: Vec<u8> = percent_decode_str(name).collect();
    let password: Vec<u8> = percent_decode_str(password.unwrap_or_default()).collect();
    basic(&name, &password)
}

/// The value of the Authorization header for a name and a password (RFC 7617).
pub(super) fn basic(name: &[u8], password: &[u8]) -> Option<HeaderValue> {
    let credentials = [name, b":", password].concat();
    let value = format!("Basic {}", STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(value).ok()?;
    value.set_sensitive(true);
    Some(value)
}
