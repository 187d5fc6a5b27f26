//! Connecting to a host by its name.

use std::fmt;
use std::future::Future as StdFuture;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use super::resolver::{Resolver, SystemResolver};
use super::tcp_stream::TcpStream;
use crate::future::Future;
use crate::io_stream::IoStream;
use crate::with_timeout::with_timeout;

/// Makes connections to hosts. Tornado's `TCPClient`.
///
/// A name may have several addresses. They are tried after one another, IPv4 and IPv6 by turns; each has 0.3 seconds for itself before the next one is
/// tried beside it, and the first that answers is taken ("Happy Eyeballs", RFC 8305). The others are closed.
#[derive(Clone)]
pub struct TcpClient {
    resolver: Rc<dyn Resolver>,
    timeout: Option<Duration>,
    source: Option<SocketAddr>,
    family: Option<AddressFamily>,
}

/// One of the two kinds of addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressFamily {
    fn of(address: &SocketAddr) -> Self {
        match address {
            SocketAddr::V4(_) => Self::V4,
            SocketAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for AddressFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// What a client can be told.
impl TcpClient {
    /// A client that asks the operating system for addresses, and waits for as long as that does.
    #[must_use]
    pub fn new() -> Self {
        Self {
            resolver: Rc::new(SystemResolver),
            timeout: None,
            source: None,
            family: None,
        }
    }

    /// Asks `resolver` for addresses.
    #[must_use]
    pub fn resolver(mut self, resolver: impl Resolver + 'static) -> Self {
        self.resolver = Rc::new(resolver);
        self
    }

    /// How long finding the addresses and connecting may take together.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Connects from this address of the machine's; the port zero stands for any. Addresses of the other family are passed over.
    #[must_use]
    pub fn source_address(mut self, address: SocketAddr) -> Self {
        self.source = Some(address);
        self
    }

    /// Connects to addresses of one family only.
    #[must_use]
    pub fn family(mut self, family: AddressFamily) -> Self {
        self.family = Some(family);
        self
    }
}

/// Connecting.
impl TcpClient {
    /// Connects to a host: an address, or a name that is looked up. Dropping what this gives ends all attempts.
    ///
    /// # Errors
    ///
    /// Fails when the host has no address, when none answers, and when the [timeout](Self::timeout) has passed
    /// ([`TimedOut`](io::ErrorKind::TimedOut)). The error names the host, and says what happened at each address.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop, net::{TcpClient, TcpListener}};
    /// use std::time::Duration;
    ///
    /// #[co::coroutine]
    /// fn greet(port: u16) -> std::io::Result<()> {
    ///     let client = TcpClient::new().timeout(Duration::from_secs(5));
    ///     let stream = yield_!(client.connect("localhost", port))?;
    ///     Ok(yield_!(stream.write("hello"))?)
    /// }
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let port = listener.local_addr()?.port();
    /// IoLoop::current().run_sync(move || greet(port))??;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn connect(
        &self,
        host: &str,
        port: u16,
    ) -> impl StdFuture<Output = io::Result<IoStream>> + use<> {
        let connected = self.connect_tcp(host, port);
        async move { connected.await.map(IoStream::new) }
    }

    /// As [`connect`](Self::connect), but gives the bare connection, without buffers.
    ///
    /// # Errors
    ///
    /// As [`connect`](Self::connect).
    pub fn connect_tcp(
        &self,
        host: &str,
        port: u16,
    ) -> impl StdFuture<Output = io::Result<TcpStream>> + use<> {
        let connecting = self.clone().resolve_and_connect(host.to_owned(), port);
        self.limited(host, port, connecting)
    }

    /// What `connecting` gives within the time that there is, with the host in its error.
    pub(super) fn limited<T, F>(
        &self,
        host: &str,
        port: u16,
        connecting: F,
    ) -> impl StdFuture<Output = io::Result<T>> + use<T, F>
    where
        F: StdFuture<Output = io::Result<T>>,
    {
        let place = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        // The time counts from the call.
        let connecting = match self.timeout {
            Some(timeout) => Ok((timeout, with_timeout(timeout, connecting))),
            None => Err(connecting),
        };
        async move {
            let connected = match connecting {
                Ok((timeout, limited)) => limited.await.unwrap_or_else(|_| Err(too_long(timeout))),
                Err(unlimited) => unlimited.await,
            };
            let (kind, text) = match connected {
                Ok(connected) => return Ok(connected),
                Err(error) => (error.kind(), error.to_string()),
            };
            let text = format!("cannot connect to `{place}`: {text}");
            Err(io::Error::new(kind, text))
        }
    }

    pub(super) async fn resolve_and_connect(
        self,
        host: String,
        port: u16,
    ) -> io::Result<TcpStream> {
        let mut asked = Asked(self.resolver.resolve(host, port));
        let mut addresses = (&mut asked.0).await?;
        let source = self.source.as_ref().map(AddressFamily::of);
        for family in [self.family, source].into_iter().flatten() {
            addresses.retain(|address| AddressFamily::of(address) == family);
            if addresses.is_empty() {
                let text = format!("it has no {family} address");
                return Err(io::Error::new(io::ErrorKind::NotFound, text));
            }
        }
        TcpStream::connect_any_from(self.source, addresses).await
    }
}

/// A look-up, which is of no use to anybody once its client has given up.
struct Asked(Future<io::Result<Vec<SocketAddr>>>);

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

fn too_long(timeout: Duration) -> io::Error {
    let text = format!("it took longer than {timeout:?}");
    io::Error::new(io::ErrorKind::TimedOut, text)
}

impl Default for TcpClient {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for TcpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpClient")
            .field("timeout", &self.timeout)
            .field("source", &self.source)
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}
