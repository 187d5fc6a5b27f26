//! A WebSocket, in the hands of its user.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use coroutine_core as co;
use coroutine_core::queues::Get;
use tungstenite::Message as Frame;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;

use super::end::{Command, Listener, Shared};
use super::error::{Kind, WebSocketError};
use super::message::Message;

/// The longest payload of a ping, in bytes, and two more than the longest reason to close (RFC 6455, 5.5).
const CONTROL: usize = 125;

/// A connection that carries messages both ways. Tornado's `WebSocketHandler` and `WebSocketClientConnection`.
///
/// A server gets one from [`RequestHandler::websocket`](crate::RequestHandler::websocket), a client from [`websocket_connect`](crate::websocket_connect).
///
/// It can be cloned, so that one coroutine reads while another writes. When the last clone is dropped, the connection is closed in good order, with the code
/// 1000, or 1011 where a panic drops it.
///
/// Pings are answered by themselves, also while nobody reads. Up to 64 KiB of messages, and one more, are kept for whoever reads next; then nothing is taken in until
/// somebody does, and the peer has to wait. That the peer closes is answered when what it sent before has been read, so that there can be answers to that, or after five seconds.
///
/// ```
/// use coroutine_core::{self as co, IoLoop};
/// use coroutine_http::{Application, Message, RequestHandler, WebSocketError, websocket_connect};
///
/// #[co::coroutine]
/// fn echo(handler: RequestHandler) -> Result<(), WebSocketError> {
///     let mut socket = yield_!(handler.websocket())?;
///     while let Some(message) = yield_!(socket.read_message())? {
///         yield_!(socket.write_message(message))?;
///     }
///     Ok(())
/// }
///
/// #[co::coroutine]
/// fn ask(url: String) -> Result<Option<Message>, WebSocketError> {
///     let mut socket = yield_!(websocket_connect(url))?;
///     yield_!(socket.write_message("hello"))?;
///     yield_!(socket.read_message())
/// }
///
/// let server = Application::new().get("/echo", echo).listen("127.0.0.1:0")?;
/// let url = format!("ws://{}/echo", server.local_addr());
/// let answer = IoLoop::current().run_sync(|| ask(url))??;
/// assert_eq!(answer, Some("hello".into()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct WebSocket {
    handle: Rc<Handle>,
    /// The next message, as this clone awaits it as a stream.
    next: Option<Get<Option<Message>, VecDeque<Option<Message>>>>,
}

struct Handle {
    shared: Rc<Shared>,
    subprotocol: Option<String>,
}

impl WebSocket {
    pub(super) fn new(shared: Rc<Shared>, subprotocol: Option<String>) -> Self {
        let handle = Handle {
            shared,
            subprotocol,
        };
        Self {
            handle: Rc::new(handle),
            next: None,
        }
    }

    /// Has pings and pongs told, each on a turn of its own.
    pub(super) fn listen(&self, listener: Listener) {
        let before = self.handle.shared.listener.replace(Some(listener));
        drop(before);
    }

    pub(super) fn listen_no_more(&self) {
        let before = self.handle.shared.listener.take();
        drop(before);
    }

    /// The subprotocol that both sides have agreed on.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.handle.subprotocol.as_deref()
    }
}

/// Messages.
impl WebSocket {
    /// Waits for a message. There is none any more when the connection is closed, by either side, or is lost.
    ///
    /// A future that is dropped before it is ready has taken no message. When several wait, each message goes to one of them.
    ///
    /// # Errors
    ///
    /// Fails once when the peer broke the protocol, sent text that is not UTF-8, or a message that is too large. It is told so (1002, 1007, 1009), and the
    /// connection is closed.
    pub fn read_message(
        &self,
    ) -> impl StdFuture<Output = Result<Option<Message>, WebSocketError>> + use<> {
        let shared = Rc::clone(&self.handle.shared);
        async move {
            let message = shared.messages.get().await;
            shared.taken(message).transpose()
        }
    }

    /// Sends a message, text or bytes. It is on its way from now on, also if the future is dropped; that is ready when the system has taken the message, so a
    /// sender who yields it goes no faster than the peer reads.
    ///
    /// # Errors
    ///
    /// Fails when the connection [is closed](WebSocketError::is_closed), or about to be.
    pub fn write_message(
        &self,
        message: impl Into<Message>,
    ) -> co::Future<Result<(), WebSocketError>> {
        self.send(message.into().into_frame())
    }

    /// Sends a ping, which the peer answers by itself. With [`ping_interval`](crate::WebSocketUpgrade::ping_interval) that is done regularly.
    ///
    /// # Errors
    ///
    /// As [`write_message`](Self::write_message).
    ///
    /// # Panics
    ///
    /// Panics when the payload is longer than 125 bytes.
    #[track_caller]
    pub fn ping(&self, payload: impl Into<Bytes>) -> co::Future<Result<(), WebSocketError>> {
        let payload = payload.into();
        assert!(payload.len() <= CONTROL, "a ping has at most 125 bytes");
        self.send(Frame::Ping(payload))
    }

    fn send(&self, frame: Frame) -> co::Future<Result<(), WebSocketError>> {
        let (promise, future) = co::promise();
        let shared = &self.handle.shared;
        match shared.is_over.get() {
            true => promise.set_result(Err(WebSocketError::new(Kind::Closed))),
            false => shared.ask(Command::Send(frame, promise)),
        }
        future
    }
}

/// The end.
impl WebSocket {
    /// Closes the connection: what was written is sent, then that we close. What the peer sends after that is dropped. It has five seconds to agree. Harmless
    /// when the connection is closed already.
    ///
    /// Without a code the peer sees none (1005). The reason is for people; of a long one only the first 123 bytes are sent.
    ///
    /// # Panics
    ///
    /// Panics when the code is none that may be sent (RFC 6455, 7.4): those are 1000 to 1003, 1007 to 1014, and 3000 to 4999.
    #[track_caller]
    pub fn close(&self, code: impl Into<Option<u16>>, reason: &str) {
        let frame = code.into().map(|code| {
            let code = CloseCode::from(code);
            assert!(code.is_allowed(), "{code} is no code to close with");
            close_frame(code, reason)
        });
        self.handle.close(frame);
    }

    /// Whether the connection is closed, or nearly so: nothing can be sent any more.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.handle.shared.is_over.get()
    }

    /// The code that the peer has given as it closed, or as it agreed that we close.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.handle.shared.end.borrow().code
    }

    /// The reason that the peer has given as it closed.
    #[must_use]
    pub fn close_reason(&self) -> Option<String> {
        self.handle.shared.end.borrow().reason.clone()
    }
}

pub(super) fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    let reason = reason[..reason.floor_char_boundary(CONTROL - 2)].into();
    CloseFrame { code, reason }
}

impl Shared {
    /// What a message from the queue is to who has got it.
    fn taken(&self, message: Option<Message>) -> Option<Result<Message, WebSocketError>> {
        self.take(&message);
        match message {
            Some(message) => Some(Ok(message)),
            None => {
                // For the next one who asks.
                self.give(None);
                self.end.borrow_mut().error.take().map(Err)
            }
        }
    }
}

impl Handle {
    fn close(&self, frame: Option<CloseFrame>) {
        if !self.shared.is_over.get() {
            self.shared.ask(Command::Close(frame));
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        let code = match std::thread::panicking() {
            true => CloseCode::Error,
            false => CloseCode::Normal,
        };
        self.close(Some(close_frame(code, "")));
    }
}

impl Clone for WebSocket {
    fn clone(&self) -> Self {
        Self {
            handle: Rc::clone(&self.handle),
            next: None,
        }
    }
}

/// The messages, and at last an error if the peer did something wrong.
impl co::Stream for WebSocket {
    type Item = Result<Message, WebSocketError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Self { handle, next } = self.get_mut();
        let shared = &handle.shared;
        let get = next.get_or_insert_with(|| shared.messages.get());
        let message = ready!(Pin::new(get).poll(cx));
        *next = None;
        Poll::Ready(shared.taken(message))
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket")
            .field("subprotocol", &self.subprotocol())
            .field("closed", &self.closed())
            .field("close_code", &self.close_code())
            .finish_non_exhaustive()
    }
}
