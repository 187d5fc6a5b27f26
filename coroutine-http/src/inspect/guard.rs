//! Who may look.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use http::header::{HOST, HeaderName};
use http::uri::Authority;

use crate::HttpServerRequest;

/// What proxies add to requests that they forward.
const FORWARDED: [HeaderName; 4] = [
    HeaderName::from_static("forwarded"),
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-real-ip"),
];

/// Says who may look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guard {
    pub(super) allows_remote: bool,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    Peer,
    Proxy,
    Host,
}

impl Guard {
    pub(super) fn check(self, request: &HttpServerRequest) -> Result<(), Refusal> {
        if self.allows_remote {
            return Ok(());
        }
        let host = request.uri().host();
        check(request.remote_addr(), host, request.headers())
    }
}

/// At a Unix socket there is no address, and nobody from elsewhere.
fn check(peer: Option<SocketAddr>, host: Option<&str>, headers: &HeaderMap) -> Result<(), Refusal> {
    match () {
        () if peer.is_some_and(|peer| !is_loopback(peer.ip())) => Err(Refusal::Peer),
        () if FORWARDED.iter().any(|name| headers.contains_key(name)) => Err(Refusal::Proxy),
        () if !is_local(host, headers) => Err(Refusal::Host),
        () => Ok(()),
    }
}

fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Whether a request is for this machine by a name that nobody else can give it. Only old programs that are no browsers name none.
fn is_local(target: Option<&str>, headers: &HeaderMap) -> bool {
    if let Some(host) = target {
        return names_this_machine(host);
    }
    let mut hosts = headers.get_all(HOST).iter();
    hosts.all(|host| {
        let authority = Authority::try_from(host.as_bytes());
        authority.is_ok_and(|authority| names_this_machine(authority.host()))
    })
}

fn names_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    match address.parse() {
        Ok(ip) => is_loopback(ip),
        Err(_) => {
            let name = host.trim_end_matches('.').to_ascii_lowercase();
            name == "localhost" || name.ends_with(".localhost")
        }
    }
}

impl Refusal {
    /// What the refused one is told.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Peer => concat!(
                "This page is shown to programs on the same machine only.\n",
                "Look from there, through a tunnel (ssh -L 8889:127.0.0.1:8889 HOST), or have the program say ",
                "inspect::Inspector::new().allow_remote(true).\n"
            ),
            Self::Proxy => concat!(
                "This page is shown to programs on the same machine only, and a proxy has forwarded this request.\n",
                "Ask the program itself, or have it say inspect::Inspector::new().allow_remote(true).\n"
            ),
            Self::Host => concat!(
                "This page is shown under a name of the machine itself only: localhost or 127.0.0.1.\n",
                "Ask for it by that, or have the program say inspect::Inspector::new().allow_remote(true).\n"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, host: &'static str) -> Result<(), Refusal> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, http::HeaderValue::from_static(host));
        check(peer.parse().ok(), None, &headers)
    }

    #[test]
    fn programs_on_the_same_machine_may_look() {
        for peer in [
            "127.0.0.1:5",
            "127.8.9.1:5",
            "[::1]:5",
            "[::ffff:127.0.0.1]:5",
        ] {
            assert_eq!(from(peer, "localhost:8889"), Ok(()), "{peer}");
        }
        for host in [
            "LocalHost",
            "127.0.0.1:80",
            "[::1]:80",
            "app.localhost",
            "localhost.",
        ] {
            assert_eq!(from("127.0.0.1:5", host), Ok(()), "{host}");
        }
        assert_eq!(check(None, None, &HeaderMap::new()), Ok(()));
    }

    #[test]
    fn programs_on_other_machines_may_not() {
        for peer in [
            "10.0.0.7:5",
            "[2001:db8::1]:5",
            "[::ffff:10.0.0.7]:5",
            "0.0.0.0:5",
        ] {
            assert_eq!(from(peer, "localhost"), Err(Refusal::Peer), "{peer}");
        }
    }

    #[test]
    fn other_hosts_are_refused_however_they_are_named() {
        for host in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.7",
            "a@evil",
            "",
            "[::1",
            "evillocalhost",
        ] {
            assert_eq!(from("127.0.0.1:5", host), Err(Refusal::Host), "{host}");
        }
        let named = check(None, Some("evil.example"), &HeaderMap::new());
        assert_eq!(named, Err(Refusal::Host));
    }

    #[test]
    fn what_a_proxy_forwards_is_refused() {
        for name in FORWARDED {
            let mut headers = HeaderMap::new();
            headers.insert(name, http::HeaderValue::from_static("127.0.0.1"));
            let local = "127.0.0.1:5".parse().ok();
            assert_eq!(
                check(local, Some("localhost"), &headers),
                Err(Refusal::Proxy)
            );
        }
    }
}
