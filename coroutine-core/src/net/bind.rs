//! Making sockets that listen.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs};

use crate::process::take_kept;
use socket2::{Domain, Protocol, Socket, Type};

/// How many connections may wait to be accepted, at most: when the queue is full, a client's first packet is dropped, and it tries again a second later.
/// The system has its own limit.
const BACKLOG: u32 = 4096;

/// How often a free port is asked for, until it is free for all addresses.
const PORTS: u32 = 8;

/// How [`bind_sockets`] binds.
#[derive(Clone, Debug)]
#[must_use = "options do nothing by themselves; give them to `bind_sockets`"]
pub struct BindOptions {
    /// An address or a name; all interfaces if there is none.
    address: Option<String>,
    backlog: u32,
    reuse_port: bool,
}

impl BindOptions {
    /// All interfaces, one listener for each port, and a long queue.
    pub fn new() -> Self {
        Self {
            address: None,
            backlog: BACKLOG,
            reuse_port: false,
        }
    }

    /// Listens at `address` only: an address, or a name with one or more. A name is looked up on the spot, which may block.
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// How many connections may wait to be accepted: 4096 unless set here. The system may allow fewer.
    pub fn backlog(mut self, connections: u32) -> Self {
        self.backlog = connections;
        self
    }

    /// Lets several sockets listen at one address, if all of them say so (`SO_REUSEPORT`). Linux spreads the connections over them; on other systems
    /// all of them may come to one.
    ///
    /// A socket that nobody accepts from gets its share of the connections all the same, and lets them wait.
    pub fn reuse_port(mut self, reuse: bool) -> Self {
        self.reuse_port = reuse;
        self
    }
}

impl Default for BindOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Listens at a port: one socket for each of the addresses, for IPv4 and for IPv6 where the machine has both. Tornado's `bind_sockets`.
///
/// An IPv6 socket takes no IPv4 connections, so that peers have addresses of their own family. The port zero asks for one that is free, the same for all
/// sockets. They are plain sockets, non-blocking already, which no loop watches yet: give them to [`TcpServer::add_sockets`](super::TcpServer::add_sockets),
/// on this thread or another.
///
/// # Errors
///
/// The error says at which address listening failed: the port is taken, say, or needs a privilege. A family that the machine does not have is passed over,
/// unless none is left.
///
/// ```
/// use coroutine_core::net::{BindOptions, bind_sockets};
///
/// let sockets = bind_sockets(0, &BindOptions::new().address("127.0.0.1"))?;
/// assert_eq!(sockets.len(), 1);
///
/// let port = sockets[0].local_addr()?.port();
/// let error = bind_sockets(port, &BindOptions::new().address("127.0.0.1")).unwrap_err();
/// assert!(error.to_string().contains(&format!("127.0.0.1:{port}")));
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn bind_sockets(port: u16, options: &BindOptions) -> io::Result<Vec<TcpListener>> {
    let addresses = addresses(port, options)?;
    let mut left = if port == 0 { PORTS } else { 1 };
    loop {
        left -= 1;
        match bind_all(&addresses, options) {
            // What is free for the first address may not be for the next.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && left > 0 => {}
            result => return result,
        }
    }
}

fn addresses(port: u16, options: &BindOptions) -> io::Result<Vec<SocketAddr>> {
    let Some(address) = &options.address else {
        let all = [
            IpAddr::from(Ipv4Addr::UNSPECIFIED),
            IpAddr::from(Ipv6Addr::UNSPECIFIED),
        ];
        return Ok(all.map(|ip| SocketAddr::new(ip, port)).to_vec());
    };
    let found = (address.as_str(), port).to_socket_addrs();
    let mut addresses: Vec<_> = found
        .map_err(|error| no_address(address, &error))?
        .collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(addresses)
}

/// That `address` is none.
pub(super) fn no_address(address: &str, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("`{address}` is no address to listen at: {error}"),
    )
}

fn bind_all(addresses: &[SocketAddr], options: &BindOptions) -> io::Result<Vec<TcpListener>> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut passed_over = None;
    for &(mut address) in addresses {
        if let Some(first) = sockets.first() {
            address.set_port(first.local_addr()?.port());
        }
        match bind(address, address.is_ipv6(), options) {
            Ok(socket) => sockets.push(socket),
            Err(error) if is_of_the_family(&error) => passed_over = Some(error),
            Err(error) => return Err(error),
        }
    }
    match sockets.is_empty() {
        true => Err(passed_over.unwrap_or_else(nowhere)),
        false => Ok(sockets),
    }
}

/// Whether the machine does not have the family of the address, or not at this interface.
fn is_of_the_family(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::AddrNotAvailable
    )
}

/// Listens at the first of the addresses at which that is possible.
pub(super) fn bind_first(
    addresses: impl IntoIterator<Item = SocketAddr>,
) -> io::Result<TcpListener> {
    let options = BindOptions::new();
    let mut last = None;
    for address in addresses {
        match bind(address, false, &options) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(nowhere))
}

fn nowhere() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        "there is no address to listen at",
    )
}

fn bind(address: SocketAddr, only_v6: bool, options: &BindOptions) -> io::Result<TcpListener> {
    if let Some(kept) = take_kept(address) {
        return Ok(kept);
    }
    let listening = || {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        // So that a server can start again while connections of the one before still end.
        socket.set_reuse_address(true)?;
        if only_v6 {
            socket.set_only_v6(true)?;
        }
        if options.reuse_port {
            socket.set_reuse_port(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
        Ok(socket.into())
    };
    listening().map_err(|error: io::Error| {
        io::Error::new(kind(&error), format!("cannot listen at {address}: {error}"))
    })
}

/// The standard library has no stable kind for `EAFNOSUPPORT`.
fn kind(error: &io::Error) -> io::ErrorKind {
    let unsupported = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    match error.raw_os_error() {
        Some(code) if code == unsupported => io::ErrorKind::Unsupported,
        _ => error.kind(),
    }
}
