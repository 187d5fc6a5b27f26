//! TLS on a stream that is there already.

use std::error::Error;
use std::fmt;
use std::future::{Future as StdFuture, poll_fn};
use std::io::{self, IoSlice};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};
use futures_rustls::pki_types::ServerName;
use futures_rustls::rustls::{ClientConfig, ServerConfig};
use futures_rustls::{TlsAcceptor, TlsConnector, TlsStream};

use super::error::{Reason, StreamError};
use super::input::Input;
use super::reader::Claim;
use super::shared::Shared;
use super::transport::{AnyStream, BoxedTransport, Transport};
use super::{IoStream, TcpStream};

/// Encryption. Needs the feature `tls`.
impl IoStream {
    /// Starts TLS as the client: from now on the same stream is encrypted. Tornado's `start_tls`.
    ///
    /// What was written is sent in the clear first; what is written while this is yielded waits until it is done, and is encrypted. `server_name` is checked against the server's certificate.
    /// See [`tls::client_config`](crate::tls::client_config) for a configuration. A peer that ends the stream without the goodbye of TLS has cut it off: that is an error for whoever reads.
    ///
    /// # Errors
    ///
    /// Fails, and closes the stream, when no secure connection comes about: the certificate is not valid, for example. The [`io_error`](StreamError::io_error) is a
    /// [`HandshakeError`] then. Dropping the future before it is done closes the stream as well.
    #[track_caller]
    pub fn start_tls_client(
        &self,
        config: Arc<ClientConfig>,
        server_name: &str,
    ) -> impl StdFuture<Output = Result<(), StreamError>> + use<> {
        let (shared, place) = (Rc::clone(&self.shared), Location::caller());
        let name = ServerName::try_from(server_name.to_owned()).map_err(|_| {
            let message = format!("`{server_name}` cannot be the name of a server");
            io::Error::new(io::ErrorKind::InvalidInput, message)
        });
        let begin = |below| async move {
            let connected = TlsConnector::from(config).connect(name?, below);
            connected.await.map(TlsStream::Client)
        };
        start_tls(shared, place, begin)
    }

    /// Starts TLS as the server: from now on the same stream is encrypted. Tornado's `start_tls(server_side=True)`.
    ///
    /// What was written is sent in the clear first; what is written while this is yielded waits until it is done, and is encrypted.
    ///
    /// # Errors
    ///
    /// As for [`start_tls_client`](Self::start_tls_client).
    #[track_caller]
    pub fn start_tls_server(
        &self,
        config: Arc<ServerConfig>,
    ) -> impl StdFuture<Output = Result<(), StreamError>> + use<> {
        let (shared, place) = (Rc::clone(&self.shared), Location::caller());
        let begin = |below| async move {
            let accepted = TlsAcceptor::from(config).accept(below);
            accepted.await.map(TlsStream::Server)
        };
        start_tls(shared, place, begin)
    }
}

async fn start_tls<H>(
    shared: Rc<Shared>,
    place: &'static Location<'static>,
    begin: impl FnOnce(Below) -> H,
) -> Result<(), StreamError>
where
    H: StdFuture<Output = io::Result<TlsStream<Below>>>,
{
    shared.ways.check_writing()?;
    let claim = Claim::new(&shared)?;
    let handshake = Handshake::begin(&shared);
    shared.when_sent().await?;
    let below = Below::take_from(&shared)?;
    let mut stream = pin!(begin(below));
    let stream = poll_fn(|cx| handshake.poll(stream.as_mut(), cx)).await?;
    handshake.end(stream, place);
    drop(claim);
    Ok(())
}

/// A handshake that is under way, or waits for what was written before it. What is written meanwhile is held back. When it is given up the stream is closed,
/// since nobody could tell what the peer has seen.
struct Handshake<'a> {
    shared: &'a Rc<Shared>,
}

impl<'a> Handshake<'a> {
    fn begin(shared: &'a Rc<Shared>) -> Self {
        let output = &shared.output;
        output.held.set(Some(output.written.get()));
        Self { shared }
    }

    fn poll(
        &self,
        handshake: Pin<&mut impl StdFuture<Output = io::Result<TlsStream<Below>>>>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<TlsStream<Below>, StreamError>> {
        if let Some(reason) = self.shared.read_over() {
            return Poll::Ready(Err(StreamError::over(reason)));
        }
        match handshake.poll(cx) {
            Poll::Ready(Ok(stream)) => Poll::Ready(Ok(stream)),
            Poll::Ready(Err(error)) => {
                let reason = Reason::failed(HandshakeError::wrap(error));
                Poll::Ready(Err(StreamError::over(self.shared.close(&reason))))
            }
            Poll::Pending => Shared::wait(&self.shared.reader, cx),
        }
    }

    fn end(self, stream: TlsStream<Below>, place: &'static Location<'static>) {
        let shared = self.shared;
        if !shared.is_closed() {
            shared.transport.set(Some(Box::pin(Encrypted { stream })));
        }
        shared.output.held.set(None);
        shared.flush(place);
    }
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        if self.shared.output.held.get().is_some() {
            let error = io::Error::new(io::ErrorKind::Interrupted, "it was given up");
            self.shared
                .close(&Reason::failed(HandshakeError::wrap(error)));
        }
    }
}

/// Why TLS could not be started. Its [`source`](Error::source) is the error of rustls, or of the connection.
#[derive(Debug)]
pub struct HandshakeError {
    source: io::Error,
}

impl HandshakeError {
    fn wrap(source: io::Error) -> io::Error {
        io::Error::new(source.kind(), Self { source })
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot start TLS: {}", self.source)
    }
}

impl Error for HandshakeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.source.get_ref() {
            Some(error) => Some(error),
            None => Some(&self.source),
        }
    }
}

/// What TLS runs over.
struct Below {
    /// What was read before TLS was started: it is the peer's beginning of it.
    early: Input,
    transport: BoxedTransport,
}

impl Below {
    fn take_from(shared: &Shared) -> Result<Self, StreamError> {
        match shared.transport.take() {
            Some(transport) => Ok(Self {
                early: shared.input.take(),
                transport,
            }),
            None => Err(StreamError::over(
                shared.read_over().unwrap_or(Reason::Closed),
            )),
        }
    }

    fn stream(&mut self) -> Pin<&mut AnyStream> {
        self.transport.as_mut().stream()
    }
}

impl AsyncRead for Below {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.early.take_into(buffer) {
            0 => self.stream().poll_read(cx, buffer),
            count => Poll::Ready(Ok(count)),
        }
    }
}

impl AsyncWrite for Below {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_close(cx)
    }
}

/// An encrypted stream as a transport.
struct Encrypted {
    stream: TlsStream<Below>,
}

impl Transport for Encrypted {
    fn stream(self: Pin<&mut Self>) -> Pin<&mut AnyStream> {
        let stream: Pin<&mut TlsStream<Below>> = Pin::new(&mut self.get_mut().stream);
        stream
    }

    fn tcp(&self) -> Option<&TcpStream> {
        self.stream.get_ref().0.transport.tcp()
    }

    fn say_goodbye(self: Pin<&mut Self>) {
        // Tried once. Where there is no room for it, the peer has not read for long, and must do without.
        let mut cx = Context::from_waker(Waker::noop());
        let _ = self.stream().poll_close(&mut cx);
    }
}
