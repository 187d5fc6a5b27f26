//! Sockets that a loop watches.
//!
//! They implement the traits of [`futures_io`], and have methods of their own whose results can be yielded. Errors are the
//! operating system's, as [`std::io::Error`].

mod lookup;
mod tcp_listener;
mod tcp_stream;
mod watched;

pub use lookup::lookup_host;
pub use tcp_listener::TcpListener;
pub use tcp_stream::TcpStream;
