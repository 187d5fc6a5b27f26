//! Sockets that a loop watches.
//!
//! They implement the traits of [`futures_io`], and have methods of their own whose results can be yielded. Errors are the
//! operating system's, as [`std::io::Error`].
//!
//! Crates that want the traits of `futures-io`, such as `async-tungstenite`, take these sockets as they are. For those that want tokio's, such as `tokio-postgres`,
//! wrap a socket with the crate `tokio-util`, whose feature `compat` needs nothing of tokio's runtime:
//!
//! ```text
//! use tokio_util::compat::FuturesAsyncReadCompatExt;
//!
//! let stream = yield_!(TcpStream::connect(address))?;
//! let (client, connection) = yield_!(config.connect_raw(stream.compat(), NoTls))?;
//! IoLoop::current().spawn(connection);
//! ```
//!
//! [`IoStream`](crate::IoStream) puts buffers and TLS on any of them.

mod bytes;
mod lookup;
pub mod pipe;
mod tcp_listener;
mod tcp_stream;
mod udp_socket;
mod unix_listener;
mod unix_stream;
mod watched;

pub use lookup::lookup_host;
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
pub use udp_socket::UdpSocket;
pub use unix_listener::UnixListener;
pub use unix_stream::UnixStream;
