//! For which hosts an application is.

use http::header::HOST;
use http::request::Parts;

/// The name of a host, or `*.` and the name of a domain, which stands for all hosts in it.
#[derive(Debug, Clone)]
pub(super) enum HostPattern {
    Exactly(String),
    /// With the dot in front.
    In(String),
}

impl HostPattern {
    /// # Panics
    ///
    /// Panics when `pattern` is neither.
    #[track_caller]
    pub(super) fn new(pattern: &str) -> Self {
        let lower = pattern.to_ascii_lowercase();
        let (name, made): (_, fn(String) -> Self) = match lower.strip_prefix('*') {
            Some(domain) if domain.starts_with('.') => (domain, Self::In),
            _ => (lower.as_str(), Self::Exactly),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._[]:".contains(c);
        assert!(
            !name.is_empty() && name.chars().all(is_name),
            "`{pattern}` is not the name of a host, nor `*.` and the name of a domain"
        );
        made(name.to_owned())
    }

    /// Whether it stands for this host, whose name is in lower case.
    pub(super) fn contains(&self, host: &str) -> bool {
        match self {
            Self::Exactly(name) => host == name,
            Self::In(domain) => host.len() > domain.len() && host.ends_with(domain.as_str()),
        }
    }
}

/// The host that a request is for, without a port, in lower case. The target counts more than the header (RFC 9112, 3.2.2).
pub(super) fn host_of(head: &Parts) -> String {
    let host = match head.uri.host() {
        Some(host) => host,
        None => {
            let host = head.headers.get(HOST);
            without_port(host.and_then(|host| host.to_str().ok()).unwrap_or_default())
        }
    };
    host.to_ascii_lowercase()
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}
