//! Who finds the addresses of names.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use super::lookup::lookup_host;
use crate::future::Future;

/// Finds the addresses of a name. Tornado's `Resolver`.
///
/// A function or closure of a name and a port is one, and so is a coroutine. It must not block the loop; [`SystemResolver`] does not.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::Resolver};
/// use std::net::SocketAddr;
///
/// #[co::coroutine]
/// fn fixed(_host: String, port: u16) -> std::io::Result<Vec<SocketAddr>> {
///     yield_!(co::moment());
///     Ok(vec![SocketAddr::from(([192, 0, 2, 1], port))])
/// }
///
/// let found = IoLoop::current().run_sync(|| fixed.resolve("example.org".to_owned(), 80))??;
/// assert_eq!(found[0].to_string(), "192.0.2.1:80");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Resolver {
    /// The addresses of `host`, with `port`, the best one first.
    ///
    /// # Errors
    ///
    /// Fails when the name has no address; the error is to name it.
    fn resolve(&self, host: String, port: u16) -> Future<io::Result<Vec<SocketAddr>>>;
}

impl<F> Resolver for F
where
    F: Fn(String, u16) -> Future<io::Result<Vec<SocketAddr>>>,
{
    fn resolve(&self, host: String, port: u16) -> Future<io::Result<Vec<SocketAddr>>> {
        self(host, port)
    }
}

/// Asks the operating system, as [`lookup_host`] does: off the loop's thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    fn resolve(&self, host: String, port: u16) -> Future<io::Result<Vec<SocketAddr>>> {
        look_up(host, port)
    }
}

#[crate::coroutine(crate = crate, name = "look-up")]
fn look_up(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    yield_!(lookup_host(&host, port))
}

/// Puts other names in the place of some, and asks another resolver for their addresses. Tornado's `OverrideResolver`.
///
/// ```
/// use coroutine_core::{IoLoop, net::{OverrideResolver, Resolver, SystemResolver}};
///
/// let resolver = OverrideResolver::new(SystemResolver)
///     .host("example.org", "127.0.0.1")
///     .host_and_port("login.example.org", 443, "127.0.0.1", 1443);
/// let found = IoLoop::current().run_sync(move || resolver.resolve("login.example.org".to_owned(), 443))??;
/// assert_eq!(found[0].to_string(), "127.0.0.1:1443");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OverrideResolver<R> {
    resolver: R,
    hosts: HashMap<String, String>,
    places: HashMap<(String, u16), (String, u16)>,
}

impl<R: Resolver> OverrideResolver<R> {
    /// Passes everything on to `resolver`.
    #[must_use]
    pub fn new(resolver: R) -> Self {
        Self {
            resolver,
            hosts: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// Looks `instead` up when asked for `host`, at any port.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>, instead: impl Into<String>) -> Self {
        self.hosts.insert(host.into(), instead.into());
        self
    }

    /// Looks `instead` up, with `instead_port`, when asked for `host` with `port`. It goes before [`host`](Self::host).
    #[must_use]
    pub fn host_and_port(
        mut self,
        host: impl Into<String>,
        port: u16,
        instead: impl Into<String>,
        instead_port: u16,
    ) -> Self {
        let place = (instead.into(), instead_port);
        self.places.insert((host.into(), port), place);
        self
    }
}

impl<R: Resolver> Resolver for OverrideResolver<R> {
    fn resolve(&self, host: String, port: u16) -> Future<io::Result<Vec<SocketAddr>>> {
        let asked = (host, port);
        let (host, port) = match self.places.get(&asked) {
            Some(place) => place.clone(),
            None => match self.hosts.get(&asked.0) {
                Some(instead) => (instead.clone(), port),
                None => asked,
            },
        };
        self.resolver.resolve(host, port)
    }
}

impl<R> fmt::Debug for OverrideResolver<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverrideResolver")
            .field("hosts", &self.hosts)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}
