//! Web sockets that are types: Tornado's subclasses of `WebSocketHandler`.

use std::any::type_name;
use std::error::Error;
use std::future::ready;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use coroutine_core::{self as co, IoLoop};
use tungstenite::protocol::frame::coding::CloseCode;

use super::connection::WebSocket;
use super::end::Control;
use super::error::WebSocketError;
use super::message::Message;
use super::options::MAX_MESSAGE_SIZE;
use super::upgrade::{WebSocketUpgrade, is_same_origin, offered};
use crate::server::{Application, HttpServerRequest, Pattern, RequestHandler};

/// How a method ends. Any error can be given by `?`.
type Ended = Result<(), Box<dyn Error>>;

/// A WebSocket that is a type, with a method for whatever happens. Tornado's `WebSocketHandler`; a coroutine that yields
/// [`RequestHandler::websocket`] and reads in a loop does as much.
///
/// Each connection has a value of its own, made by what [`Application::websocket`] got. First [`prepare`](Self::prepare) sees the request. When both sides have agreed, there is
/// [`open`](Self::open); then [`on_message`](Self::on_message) for one message after the other, each when the one before has ended; and at last
/// [`on_close`](Self::on_close). The first three are lazy coroutines, which borrow the value, or `async fn`s.
///
/// A method that gives an error, or panics, is logged, and the connection is closed with the code 1011. That a message cannot be written since the connection
/// [is closed](WebSocketError::is_closed) is no error.
///
/// ```
/// use std::cell::RefCell;
/// use std::error::Error;
/// use std::rc::Rc;
/// use coroutine_core as co;
/// use coroutine_http::{Application, Message, RequestHandler, WebSocket, WebSocketHandler};
///
/// #[derive(Default)]
/// struct Chat {
///     everybody: Rc<RefCell<Vec<WebSocket>>>,
/// }
///
/// impl WebSocketHandler for Chat {
///     #[co::coroutine(lazy)]
///     fn open(&self, socket: WebSocket, _: RequestHandler) -> Result<(), Box<dyn Error>> {
///         self.everybody.borrow_mut().push(socket);
///         Ok(())
///     }
///
///     #[co::coroutine(lazy)]
///     fn on_message(&self, _: WebSocket, message: Message) -> Result<(), Box<dyn Error>> {
///         for other in self.everybody.borrow().iter() {
///             drop(other.write_message(message.clone())); // no waiting for one who is slow
///         }
///         Ok(())
///     }
///
///     fn on_close(&self, _: WebSocket) {
///         self.everybody.borrow_mut().retain(|socket| !socket.closed());
///     }
/// }
///
/// let everybody = Rc::default();
/// # let _ =
/// Application::new().websocket("/chat", move || Chat { everybody: Rc::clone(&everybody) });
/// ```
pub trait WebSocketHandler: 'static {
    /// Sees the request, before anything is agreed upon. When it finishes the response, or fails, there is no WebSocket: the place for
    /// [`authenticated`](RequestHandler::authenticated).
    fn prepare(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        let _ = handler;
        ready(Ok(()))
    }

    /// Called when the connection is there. The request can still be looked at, as `handler`; the response has been sent.
    fn open(&self, socket: WebSocket, handler: RequestHandler) -> impl Future<Output = Ended> {
        let _ = (socket, handler);
        ready(Ok(()))
    }

    /// Called with a message. As long as it waits, no other one is taken.
    fn on_message(&self, socket: WebSocket, message: Message) -> impl Future<Output = Ended>;

    /// Called once when the connection is closed: the peer's [code](WebSocket::close_code) and [reason](WebSocket::close_reason) are there if it gave any. Not
    /// called if there was no connection, or when the loop itself is closed.
    fn on_close(&self, socket: WebSocket) {
        let _ = socket;
    }

    /// Called when the peer has sent a ping, which is answered by itself. Also while another method waits.
    fn on_ping(&self, socket: WebSocket, payload: Bytes) {
        let _ = (socket, payload);
    }

    /// Called when the peer has answered a ping. Also while another method waits.
    fn on_pong(&self, socket: WebSocket, payload: Bytes) {
        let _ = (socket, payload);
    }

    /// Which origins a page may have that opens a WebSocket here: see [`WebSocketUpgrade::check_origin`].
    fn check_origin(&self, origin: &str, request: &HttpServerRequest) -> bool {
        is_same_origin(origin, request)
    }

    /// One of the subprotocols that the client speaks, or none.
    fn select_subprotocol(&self, offered: &[&str]) -> Option<String> {
        let _ = offered;
        None
    }

    /// Sends a ping so often, and closes the connection when the peer does not answer. Never unless the type says otherwise.
    fn ping_interval(&self) -> Option<Duration> {
        None
    }

    /// How long the peer may take to answer a ping: as long as the interval unless the type says otherwise.
    fn ping_timeout(&self) -> Option<Duration> {
        None
    }

    /// The longest message that the peer may send, in bytes: 10 MiB unless the type says otherwise.
    fn max_message_size(&self) -> usize {
        MAX_MESSAGE_SIZE
    }
}

/// Web sockets. Feature `websocket`.
impl Application {
    /// Has a type answer with [`WebSocket`]s. `make` makes the value that a connection has; what it captures is what Tornado hands to `initialize`.
    ///
    /// See [`WebSocketHandler`] for an example.
    ///
    /// # Panics
    ///
    /// Panics when `path` is not a pattern, or contradicts another one.
    #[must_use]
    #[track_caller]
    pub fn websocket<T: WebSocketHandler>(
        self,
        path: impl Into<Pattern>,
        make: impl Fn() -> T + 'static,
    ) -> Self {
        self.get(path, move |handler| {
            live(Rc::new(make()), handler, type_name::<T>())
        })
    }
}

#[co::coroutine(name = "{_name}")]
fn live<T: WebSocketHandler>(value: Rc<T>, handler: RequestHandler, _name: &'static str) -> Ended {
    yield_!(value.prepare(handler.twin()))?;
    if handler.is_finished() {
        return Ok(());
    }
    let upgrade = upgrade(&value, handler.twin());
    let socket = yield_!(upgrade)?;
    let mut closing = Closing::new(&value, &socket);
    let ended = yield_!(talk(&*value, &socket, handler));
    closing.has_failed = ended.is_err();
    ended
}

/// Sets what the type says.
fn upgrade<T: WebSocketHandler>(value: &Rc<T>, handler: RequestHandler) -> WebSocketUpgrade {
    let names = offered(handler.request());
    let chosen = value.select_subprotocol(&names.collect::<Vec<_>>());
    let asked = Rc::clone(value);
    let mut upgrade = handler
        .websocket()
        .subprotocols(chosen)
        .max_message_size(value.max_message_size())
        .check_origin(move |origin, request| asked.check_origin(origin, request));
    upgrade.options.ping_interval = value.ping_interval();
    upgrade.options.ping_timeout = value.ping_timeout();
    upgrade
}

/// As long as the connection is there.
async fn talk<T: WebSocketHandler>(
    value: &T,
    socket: &WebSocket,
    handler: RequestHandler,
) -> Ended {
    unless_closed(value.open(socket.clone(), handler).await)?;
    loop {
        match socket.read_message().await {
            Ok(Some(message)) => {
                unless_closed(value.on_message(socket.clone(), message).await)?;
            }
            Ok(None) => return Ok(()),
            Err(error) => {
                // The peer's fault, which has been told.
                tracing::debug!("{}: {error}", type_name::<T>());
                return Ok(());
            }
        }
    }
}

/// Who writes to a peer that has gone has made no mistake.
fn unless_closed(ended: Ended) -> Ended {
    match ended {
        Err(error) if error.downcast_ref().is_some_and(WebSocketError::is_closed) => Ok(()),
        ended => ended,
    }
}

/// Has the value told what happens to the connection, and of its end, however the coroutine ends.
struct Closing<T: WebSocketHandler> {
    value: Rc<T>,
    socket: WebSocket,
    /// Until it is known to have ended well.
    has_failed: bool,
}

impl<T: WebSocketHandler> Closing<T> {
    fn new(value: &Rc<T>, socket: &WebSocket) -> Self {
        let (told, on) = (Rc::clone(value), socket.clone());
        socket.listen(Rc::new(move |control| match control {
            Control::Ping(payload) => told.on_ping(on.clone(), payload),
            Control::Pong(payload) => told.on_pong(on.clone(), payload),
        }));
        Self {
            value: Rc::clone(value),
            socket: socket.clone(),
            has_failed: true,
        }
    }
}

impl<T: WebSocketHandler> Drop for Closing<T> {
    fn drop(&mut self) {
        // It has the socket, which has it.
        self.socket.listen_no_more();
        if self.has_failed {
            self.socket.close(u16::from(CloseCode::Error), "");
        }
        let (value, socket) = (Rc::clone(&self.value), self.socket.clone());
        IoLoop::current().add_callback(move || drop(see_off(value, socket)));
    }
}

/// Waits until the connection is closed, if it is not yet.
#[co::coroutine(name = "websocket without a handler")]
fn see_off<T: WebSocketHandler>(value: Rc<T>, socket: WebSocket) {
    while !matches!(yield_!(socket.read_message()), Ok(None)) {}
    value.on_close(socket);
}
