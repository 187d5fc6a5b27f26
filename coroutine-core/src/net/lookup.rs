//! Looking up names.

use std::future::Future as StdFuture;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

use crate::current;
use crate::job::Job;

/// The addresses of `host`, with `port`, in the order in which the system gives them. The loop goes on while a name is looked up, on a thread of its
/// [executor](crate::IoLoop::set_default_executor).
///
/// # Errors
///
/// Fails when the name has no address; the error names it.
///
/// ```
/// use coroutine_core::{self as co, IoLoop, net::lookup_host};
///
/// #[co::coroutine]
/// fn loopback() -> std::io::Result<bool> {
///     let addresses = yield_!(lookup_host("127.0.0.1", 80))?;
///     Ok(addresses == ["127.0.0.1:80".parse().unwrap()])
/// }
///
/// assert!(IoLoop::current().run_sync(loopback)??);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lookup_host(
    host: &str,
    port: u16,
) -> impl StdFuture<Output = io::Result<Vec<SocketAddr>>> + use<> {
    let host = host.to_owned();
    async move {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let name = host.clone();
        let io_loop = current::core();
        let executor = io_loop.executor();
        let addresses = Job::start(io_loop, &*executor, move || {
            let addresses = (&*name, port).to_socket_addrs()?;
            io::Result::Ok(addresses.collect::<Vec<_>>())
        });
        let addresses = addresses.await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot look up `{host}`: {error}"))
        })?;
        match addresses.is_empty() {
            true => Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{host}` has no address"),
            )),
            false => Ok(addresses),
        }
    }
}
