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

pub(crate) mod accept;
mod bind;
mod bytes;
#[cfg(feature = "tls")]
mod connect_tls;
pub(crate) mod doors;
mod handling;
mod happy_eyeballs;
mod listen_address;
mod lookup;
pub mod pipe;
mod resolver;
mod tcp_client;
mod tcp_listener;
mod tcp_server;
mod tcp_stream;
mod udp_socket;
mod unix_listener;
mod unix_stream;
pub(crate) mod watched;

pub use accept::{AcceptHandler, add_accept_handler};
pub use bind::{BindOptions, bind_sockets};
pub use handling::ConnectionResult;
pub use listen_address::ListenAddress;
pub use lookup::lookup_host;
pub use resolver::{OverrideResolver, Resolver, SystemResolver};
pub use tcp_client::{AddressFamily, TcpClient};
pub use tcp_listener::TcpListener;
pub use tcp_server::TcpServer;
pub use tcp_stream::TcpStream;
pub use udp_socket::UdpSocket;
pub use unix_listener::UnixListener;
pub use unix_stream::UnixStream;
