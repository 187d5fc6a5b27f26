//! UDP sockets.

use std::future::Future as StdFuture;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use super::watched::{Watched, socket};

/// A UDP socket: it sends and receives datagrams.
///
/// Datagrams may be lost, come twice, or in another order. One that is longer than the buffer it is received into is cut off.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::UdpSocket};
///
/// #[co::coroutine]
/// fn hello() -> std::io::Result<bool> {
///     let server = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
///     let client = UdpSocket::bind("127.0.0.1:0".parse().unwrap())?;
///     yield_!(client.send_to(b"hello", server.local_addr()?))?;
///     let mut buffer = [0; 100];
///     let (count, from) = yield_!(server.recv_from(&mut buffer))?;
///     Ok(&buffer[..count] == b"hello" && from == client.local_addr()?)
/// }
///
/// assert!(IoLoop::current().run_sync(hello)??);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct UdpSocket {
    watched: Watched<mio::net::UdpSocket>,
}

/// Making one.
impl UdpSocket {
    /// A socket at `address`. The port zero asks for one that is free.
    ///
    /// # Errors
    ///
    /// Fails when the address is not this machine's or the port is taken; the error names the address.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let bound = mio::net::UdpSocket::bind(address).and_then(Self::watch);
        bound.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot bind to {address}: {error}"))
        })
    }

    /// Takes over a socket of the standard library's.
    ///
    /// # Errors
    ///
    /// Fails when it cannot be made non-blocking or watched.
    pub fn from_std(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Self::watch(mio::net::UdpSocket::from_std(socket))
    }

    fn watch(socket: mio::net::UdpSocket) -> io::Result<Self> {
        Ok(Self {
            watched: Watched::new(socket)?,
        })
    }

    /// Another handle to the same socket, with a descriptor of its own. Rarely needed, since everything takes `&self`.
    ///
    /// # Errors
    ///
    /// Fails when there are too many descriptors.
    pub fn try_clone(&self) -> io::Result<Self> {
        Self::from_std(self.as_fd().try_clone_to_owned()?.into())
    }

    /// From now on [`send`](Self::send) sends to `peer`, and only what comes from there is received.
    ///
    /// # Errors
    ///
    /// Fails when there is no way to that address.
    pub fn connect(&self, peer: SocketAddr) -> io::Result<()> {
        self.watched.socket().connect(peer)
    }
}

/// Datagrams.
impl UdpSocket {
    /// Sends a datagram to `target` and gives the number of its bytes.
    ///
    /// # Errors
    ///
    /// Fails when it is too long, or the way to the target is closed.
    pub fn send_to<'a>(
        &'a self,
        datagram: &'a [u8],
        target: SocketAddr,
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a> {
        let send = move |socket: &mio::net::UdpSocket| socket.send_to(datagram, target);
        self.watched.when_ready(self.watched.writer(), send)
    }

    /// Sends a datagram to the peer that the socket is connected to.
    ///
    /// # Errors
    ///
    /// Fails when it is connected to none, and when an earlier datagram was refused.
    pub fn send<'a>(
        &'a self,
        datagram: &'a [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a> {
        let send = move |socket: &mio::net::UdpSocket| socket.send(datagram);
        self.watched.when_ready(self.watched.writer(), send)
    }

    /// Receives a datagram, and gives the number of bytes and the sender.
    ///
    /// # Errors
    ///
    /// Gives the operating system's error.
    pub fn recv_from<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = io::Result<(usize, SocketAddr)>> + use<'a> {
        let receive = move |socket: &mio::net::UdpSocket| socket.recv_from(buffer);
        self.watched.when_ready(self.watched.reader(), receive)
    }

    /// Receives a datagram, and gives the number of bytes.
    ///
    /// # Errors
    ///
    /// Fails when an earlier datagram was refused by the peer that the socket is connected to.
    pub fn recv<'a>(
        &'a self,
        buffer: &'a mut [u8],
    ) -> impl StdFuture<Output = io::Result<usize>> + use<'a> {
        let receive = move |socket: &mio::net::UdpSocket| socket.recv(buffer);
        self.watched.when_ready(self.watched.reader(), receive)
    }
}

/// Addresses and options. Each fails with the operating system's error.
impl UdpSocket {
    /// The address of this socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.watched.socket().local_addr()
    }

    /// The peer that it is connected to.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.watched.socket().peer_addr()
    }

    /// Allows datagrams to broadcast addresses.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.watched.socket().set_broadcast(on)
    }

    /// Over how many routers datagrams go.
    pub fn set_ttl(&self, hops: u32) -> io::Result<()> {
        self.watched.socket().set_ttl(hops)
    }

    /// Joins a multicast group on the interface with the given address; the unspecified address leaves the choice to the system.
    pub fn join_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.watched.socket().join_multicast_v4(group, interface)
    }

    /// Leaves a multicast group.
    pub fn leave_multicast_v4(&self, group: &Ipv4Addr, interface: &Ipv4Addr) -> io::Result<()> {
        self.watched.socket().leave_multicast_v4(group, interface)
    }

    /// Joins a multicast group on the interface with the given number; zero leaves the choice to the system.
    pub fn join_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.watched.socket().join_multicast_v6(group, interface)
    }

    /// Leaves a multicast group.
    pub fn leave_multicast_v6(&self, group: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.watched.socket().leave_multicast_v6(group, interface)
    }

    /// Whether this machine receives the multicast datagrams that it sends.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.watched.socket().set_multicast_loop_v4(on)
    }

    /// Whether this machine receives the multicast datagrams that it sends.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.watched.socket().set_multicast_loop_v6(on)
    }

    /// Over how many routers multicast datagrams go.
    pub fn set_multicast_ttl_v4(&self, hops: u32) -> io::Result<()> {
        self.watched.socket().set_multicast_ttl_v4(hops)
    }
}

socket!(UdpSocket);
