//! Who is at the other end of a connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use http::HeaderMap;

/// What is known of a connection's client. Its requests share it.
pub(super) struct Peer {
    /// None at a Unix socket.
    pub(super) addr: Option<SocketAddr>,
    /// Whether the connection is encrypted.
    pub(super) is_secure: bool,
    /// Whether proxies are believed, and which of them are passed over.
    pub(super) xheaders: Option<Rc<[IpAddr]>>,
}

impl Peer {
    /// For messages.
    pub(super) fn name(&self) -> impl fmt::Display {
        self.addr
            .map_or_else(|| "a Unix socket".to_owned(), |addr| addr.to_string())
    }

    /// The client's address: what a proxy says, if it is believed and says an address.
    pub(super) fn ip(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let trusted = self.xheaders.as_deref();
        let told = trusted.and_then(|trusted| {
            let text = |name| headers.get(name)?.to_str().ok();
            match text("x-real-ip") {
                Some(ip) => ip.trim().parse().ok(),
                None => forwarded_for(headers, trusted),
            }
        });
        told.or_else(|| self.addr.map(|addr| addr.ip()))
    }

    /// `http` or `https`: what a proxy says, if it is believed and says one of these.
    pub(super) fn protocol(&self, headers: &HeaderMap) -> &'static str {
        let own = if self.is_secure { "https" } else { "http" };
        if self.xheaders.is_none() {
            return own;
        }
        let text = |name| headers.get(name)?.to_str().ok();
        let told = text("x-scheme").or_else(|| text("x-forwarded-proto"));
        // The nearest proxy speaks last.
        let last = told.and_then(|told| told.rsplit(',').next()).map(str::trim);
        match last {
            Some("http") => "http",
            Some("https") => "https",
            _ => own,
        }
    }
}

/// The last address of `X-Forwarded-For` that is not one of a trusted proxy.
fn forwarded_for(headers: &HeaderMap, trusted: &[IpAddr]) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").iter();
    let lines: Vec<_> = lines.filter_map(|line| line.to_str().ok()).collect();
    let mut told = None;
    for ip in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        told = ip.trim().parse().ok();
        if told.is_none_or(|ip| !trusted.contains(&ip)) {
            break;
        }
    }
    told
}
