//! Where the connections come from: one address has some tens of thousands of ports, and a port rests for a minute after its
//! connection was closed. So several addresses of the loopback take turns.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd;

use socket2::{Domain, Socket, Type};

const ADDRESSES: usize = 8;

/// The socket of the connection of that number, bound but not connected.
pub fn socket(number: usize) -> io::Result<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    choose_port_late(&socket)?;
    let address = Ipv4Addr::new(127, 0, 0, 1 + (number % ADDRESSES) as u8);
    socket.bind(&SocketAddr::from((address, 0)).into())?;
    Ok(socket)
}

/// Has the port chosen when the socket connects: then it need not be free for every destination, but for this one.
fn choose_port_late(socket: &Socket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the option's value is an int, which is valid during the call and has the size that is told.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
