//! Getting a connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::net::{TcpStream, UnixStream};
use coroutine_core::with_timeout;
use http::HeaderMap;

use super::async_http_client::Inner;
use super::authority::Authority;
use super::connection::Connection;
use super::error::{HttpError, Kind, Unfinished};
use super::io::Io;
use super::message::default_headers;
use super::request::Parts;
use super::step::CancelOnDrop;
use super::timing::{Phase, Progress};
use super::tls::{self, Security};
use super::wire::Wire;
use crate::socket::Plain;

/// Where a connection leads, and how.
pub(super) struct Target {
    pub(super) to: Authority,
    security: Option<Security>,
    interface: Option<IpAddr>,
    unix_socket: Option<Rc<Path>>,
    /// What every request says that goes there, if it does not say otherwise.
    pub(super) headers: HeaderMap,
}

impl Target {
    pub(super) fn of(request: &Parts, security: Option<Security>) -> Result<Self, HttpError> {
        Ok(Self {
            to: Authority::of(&request.url)?,
            security,
            interface: request.options.interface,
            unix_socket: request.options.unix_socket.clone(),
            headers: default_headers(&request.url),
        })
    }

    /// Whether a connection that leads there is one for the request.
    pub(super) fn fits(&self, request: &Parts, security: Option<&Security>) -> bool {
        let options = &request.options;
        self.to.is_of(&request.url)
            && self.security.as_ref() == security
            && self.interface == options.interface
            && self.unix_socket == options.unix_socket
    }
}

/// Connections to equal targets are as good as one another.
impl PartialEq for Target {
    fn eq(&self, other: &Self) -> bool {
        self.to == other.to
            && self.security == other.security
            && self.interface == other.interface
            && self.unix_socket == other.unix_socket
    }
}

impl Inner {
    /// How the connection for a request is to be secured, if it is.
    pub(super) fn security(&self, request: &Parts) -> Result<Option<Security>, HttpError> {
        match request.url.scheme() {
            "https" => self
                .tls
                .security(&request.options.tls, &request.url)
                .map(Some),
            _ => Ok(None),
        }
    }
}

/// Connects within `time`.
pub(super) async fn connect(
    target: &Target,
    time: Duration,
    client: &Inner,
    progress: &mut Progress,
) -> Result<Connection, HttpError> {
    let connected = with_timeout(time, begin(target, client, progress)).await;
    connected.unwrap_or_else(|_| {
        let kind = Kind::ConnectTimeout(target.to.to_string(), time);
        Err(HttpError::caused(kind, Unfinished(progress.phase)))
    })
}

async fn begin(
    target: &Target,
    client: &Inner,
    progress: &mut Progress,
) -> Result<Connection, HttpError> {
    let wire = match &target.unix_socket {
        Some(path) => connect_unix(path, progress).await?,
        None => connect_tcp(target, client, progress).await?,
    };
    progress.times.connect = progress.look();
    let io = match &target.security {
        None => Io::Plain(wire.clone()),
        Some(security) => {
            progress.phase = Phase::Handshake;
            let secured = tls::secure(security, &target.to, wire.clone()).await?;
            progress.times.appconnect = progress.look();
            Io::Encrypted(Box::new(secured), wire.clone())
        }
    };
    let connection = Connection::new(io, wire, client.settings.max_header_size).await;
    connection.map_err(|error| HttpError::caused(Kind::Lost(target.to.to_string()), error))
}

async fn connect_unix(path: &Path, progress: &mut Progress) -> Result<Wire, HttpError> {
    progress.phase = Phase::Connect;
    let connected = UnixStream::connect(path).await;
    connected
        .map(|stream| Wire::new(Plain::Unix(stream)))
        .map_err(|error| HttpError::caused(Kind::Connect(path.display().to_string()), error))
}

async fn connect_tcp(
    target: &Target,
    client: &Inner,
    progress: &mut Progress,
) -> Result<Wire, HttpError> {
    progress.phase = Phase::LookUp;
    let addresses = look_up(target, client).await?;
    progress.times.namelookup = progress.look();
    progress.phase = Phase::Connect;
    let source = target.interface.map(|address| SocketAddr::new(address, 0));
    let connected = TcpStream::connect_any_from(source, addresses).await;
    let stream = connected
        .map_err(|error| HttpError::caused(Kind::Connect(target.to.to_string()), error))?;
    // Where it fails, the connection is gone, which the request finds out.
    let _ = stream.set_nodelay(true);
    Ok(Wire::new(Plain::Tcp(stream)))
}

/// The addresses of the host, of the family that the client is to connect from.
async fn look_up(target: &Target, client: &Inner) -> Result<Vec<SocketAddr>, HttpError> {
    let Authority { host, port } = &target.to;
    let mut asked = CancelOnDrop(client.settings.resolver.resolve(host.clone(), *port));
    let found = (&mut asked.0).await;
    let failed = |error| HttpError::caused(Kind::LookUp(host.clone()), error);
    let mut addresses = found.map_err(failed)?;
    if let Some(interface) = target.interface {
        addresses.retain(|address| address.is_ipv4() == interface.is_ipv4());
    }
    match addresses.is_empty() {
        true => Err(failed(io::Error::new(
            io::ErrorKind::NotFound,
            "it has no address that can be connected to",
        ))),
        false => Ok(addresses),
    }
}
