//! Where a server listens.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use coroutine_core::net::TcpListener;

/// Where [`Application::listen`](crate::Application::listen) listens: a port number, for all interfaces; or an address with its port, as text
/// such as `"127.0.0.1:8889"`, as a [`SocketAddr`], or as a pair.
pub trait ListenAddress {
    /// Listens there.
    ///
    /// # Errors
    ///
    /// Fails when the address is none, is taken, or needs a privilege; the error names it.
    fn bind(self) -> io::Result<TcpListener>;
}

/// All interfaces, of both address families where the machine has both.
impl ListenAddress for u16 {
    fn bind(self) -> io::Result<TcpListener> {
        match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self)) {
            Err(error) if is_of_the_family(&error) => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, self))
            }
            bound => bound,
        }
    }
}

/// Whether there is no IPv6 here.
fn is_of_the_family(error: &io::Error) -> bool {
    !matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied
    )
}

impl ListenAddress for &str {
    fn bind(self) -> io::Result<TcpListener> {
        let addresses: Vec<_> = match self.to_socket_addrs() {
            Ok(addresses) => addresses.collect(),
            Err(error) => {
                let message = format!("`{self}` is no address to listen at: {error}");
                return Err(io::Error::new(error.kind(), message));
            }
        };
        TcpListener::bind(&*addresses)
    }
}

impl ListenAddress for String {
    fn bind(self) -> io::Result<TcpListener> {
        self.as_str().bind()
    }
}

impl ListenAddress for SocketAddr {
    fn bind(self) -> io::Result<TcpListener> {
        TcpListener::bind(self)
    }
}

impl ListenAddress for (&str, u16) {
    fn bind(self) -> io::Result<TcpListener> {
        TcpListener::bind(self)
    }
}

impl ListenAddress for (IpAddr, u16) {
    fn bind(self) -> io::Result<TcpListener> {
        TcpListener::bind(self)
    }
}
