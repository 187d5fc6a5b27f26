//! The WebSocket protocol (RFC 6455), both sides of it. tungstenite knows the frames; it reads and writes memory alone, and a `driver` moves the bytes:
//!
//! ```text
//! user -> connection -> commands -> driver -> pipe <- tungstenite
//! user <- connection <- messages <- driver -> the peer
//! ```
//!
//! The driver is a coroutine of its own at a client, and a part of the connection's at a server. It goes on while nobody reads or writes: pings are answered,
//! and the close handshake comes to its end.

mod connect;
mod connection;
mod driver;
mod end;
mod error;
mod handler;
mod heart;
mod message;
mod options;
mod pipe;
mod request;
#[cfg(feature = "tls")]
mod secure;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
mod secure;
mod upgrade;

pub use connect::websocket_connect;
pub use connection::WebSocket;
pub use error::WebSocketError;
pub use handler::WebSocketHandler;
pub use message::Message;
pub use request::WebSocketRequest;
pub use upgrade::WebSocketUpgrade;
