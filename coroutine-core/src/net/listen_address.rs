//! Where a server listens.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};

use super::bind::{BindOptions, bind_first, bind_sockets, no_address};

/// Where a server listens: a port number, for all interfaces and both address families; or an address with its port, as text such as `"127.0.0.1:8889"`,
/// as a [`SocketAddr`], or as a pair.
pub trait ListenAddress {
    /// Listens there.
    ///
    /// # Errors
    ///
    /// Fails when the address is none, is taken, or needs a privilege; the error names it.
    fn listen(self) -> io::Result<Vec<TcpListener>>;
}

impl ListenAddress for u16 {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        bind_sockets(self, &BindOptions::new())
    }
}

impl ListenAddress for &str {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        let addresses = self.to_socket_addrs();
        one(addresses.map_err(|error| no_address(self, &error))?)
    }
}

impl ListenAddress for String {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        self.as_str().listen()
    }
}

impl ListenAddress for SocketAddr {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        one([self])
    }
}

impl ListenAddress for (&str, u16) {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        let addresses = self.to_socket_addrs();
        one(addresses.map_err(|error| no_address(self.0, &error))?)
    }
}

impl ListenAddress for (IpAddr, u16) {
    fn listen(self) -> io::Result<Vec<TcpListener>> {
        one([SocketAddr::from(self)])
    }
}

fn one(addresses: impl IntoIterator<Item = SocketAddr>) -> io::Result<Vec<TcpListener>> {
    Ok(vec![bind_first(addresses)?])
}
