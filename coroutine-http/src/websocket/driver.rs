//! What moves a WebSocket's bytes.

use std::collections::VecDeque;
use std::future::Future as StdFuture;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use coroutine_core as co;
use coroutine_core::queues::Get;
use futures_io::{AsyncRead, AsyncWrite};
use tungstenite::error::{Error, ProtocolError};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role};
use tungstenite::{Message as Frame, WebSocket};

use super::end::{Command, Control, Shared};
use super::error::{Kind, WebSocketError};
use super::heart::{Beat, Heart};
use super::message::Message;
use super::options::Options;
use super::pipe::{Duplex, Pipe};

/// While so many bytes wait for the peer, nothing more is read from it, or taken from the user.
const HIGH_WATER: usize = 64 * 1024;

/// How much is read at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// How long the peer may take to answer that we close, and we may take to answer that it does. Tornado's time.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the peer may go on sending what nobody reads any more. If the connection were closed at once, that would reset it, and the peer might never see why.
const LINGER: Duration = Duration::from_secs(2);

enum Stage {
    Open,
    /// We have said that we close, and the peer has to say so as well.
    Closing(co::Sleep),
    /// Nothing is read any more. What is to be sent has to go, then we end our direction.
    Parting(co::Sleep),
    /// The peer has to end its direction.
    Lingering(co::Sleep),
    Over,
}

/// One side of a WebSocket. It is polled until it is ready, or dropped, which cuts the connection.
pub(super) struct Driver {
    shared: Rc<Shared>,
    socket: WebSocket<Pipe>,
    io: Box<dyn Duplex>,
    /// The next command, as it is awaited.
    command: Option<Get<Command, VecDeque<Command>>>,
    /// To be kept when all that is leaving has gone.
    unsent: Vec<co::Promise<Result<(), WebSocketError>>>,
    stage: Stage,
    /// How long the user may leave messages untaken when the peer has closed behind them.
    patience: Option<co::Sleep>,
    heart: Option<Heart>,
    /// In bytes.
    max_message_size: usize,
}

impl Driver {
    /// Takes over a connection from which `arrived` has been read already.
    pub(super) fn new(
        shared: Rc<Shared>,
        io: Box<dyn Duplex>,
        arrived: &[u8],
        role: Role,
        options: &Options,
    ) -> Self {
        let pipe = Pipe {
            arrived: BytesMut::from(arrived),
            ..Pipe::default()
        };
        Self {
            shared,
            socket: WebSocket::from_raw_socket(pipe, role, Some(options.config())),
            io,
            command: None,
            unsent: Vec::new(),
            stage: Stage::Open,
            patience: None,
            heart: Heart::new(options),
            max_message_size: options.max_message_size,
        }
    }

    /// Ready when the connection is over.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            match &mut self.stage {
                Stage::Open | Stage::Closing(_) => ready!(self.poll_talk(cx)),
                Stage::Parting(alarm) => {
                    if Pin::new(alarm).poll(cx).is_ready() {
                        self.stage = Stage::Over;
                    } else {
                        ready!(self.poll_part(cx));
                    }
                }
                Stage::Lingering(alarm) => {
                    if Pin::new(alarm).poll(cx).is_pending() {
                        ready!(self.poll_linger(cx));
                    }
                    self.stage = Stage::Over;
                }
                Stage::Over => {
                    self.end();
                    return Poll::Ready(());
                }
            }
        }
    }

    /// Begins the close handshake, unless that has begun.
    pub(super) fn close(&mut self, frame: Option<CloseFrame>) {
        if let Stage::Open = self.stage {
            // It goes into memory.
            let _ = self.socket.close(frame);
            self.stage = Stage::Closing(co::sleep(CLOSE_TIMEOUT));
        }
    }

    fn end(&mut self) {
        self.shared.end();
        for promise in self.unsent.drain(..) {
            promise.set_result(Err(WebSocketError::new(Kind::Closed)));
        }
    }
}

/// As long as the peer may say something.
impl Driver {
    /// Ready when there is another stage.
    fn poll_talk(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut is_busy = self.poll_commands(cx);
            is_busy |= self.poll_heart(cx);
            is_busy |= self.poll_write(cx);
            is_busy |= self.poll_read(cx);
            match &mut self.stage {
                Stage::Open => {}
                Stage::Closing(alarm) => {
                    if Pin::new(alarm).poll(cx).is_ready() {
                        self.stage = Stage::Over;
                        return Poll::Ready(());
                    }
                }
                Stage::Parting(_) | Stage::Lingering(_) | Stage::Over => return Poll::Ready(()),
            }
            if !is_busy {
                return Poll::Pending;
            }
        }
    }

    fn is_congested(&self) -> bool {
        self.socket.get_ref().leaving.len() >= HIGH_WATER
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> bool {
        let mut is_busy = false;
        while !self.is_congested() {
            let shared = &self.shared;
            let command = self.command.get_or_insert_with(|| shared.commands.get());
            let Poll::Ready(command) = Pin::new(command).poll(cx) else {
                break;
            };
            self.command = None;
            self.obey(command);
            is_busy = true;
        }
        is_busy
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Send(frame, promise) => match self.send(frame) {
                Ok(()) => self.unsent.push(promise),
                Err(_) => promise.set_result(Err(WebSocketError::new(Kind::Closed))),
            },
            Command::Close(frame) => self.close(frame),
            Command::Taken => {}
        }
    }

    /// Puts a frame among the bytes that are leaving. It fails when we have said that we close.
    fn send(&mut self, frame: Frame) -> Result<(), Error> {
        self.socket.write(frame)?;
        self.socket.flush()
    }

    fn poll_heart(&mut self, cx: &mut Context<'_>) -> bool {
        let is_deaf = self.is_deaf();
        let (Stage::Open, Some(heart)) = (&self.stage, &mut self.heart) else {
            return false;
        };
        match heart.poll(is_deaf, cx) {
            Poll::Ready(Beat::Ping) => self.send(Frame::Ping(Default::default())).is_ok(),
            Poll::Ready(Beat::Silence) => {
                self.part(Some((CloseCode::Error, "ping timed out")));
                true
            }
            Poll::Pending => false,
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let leaving = &mut self.socket.get_mut().leaving;
        if leaving.is_empty() {
            return false;
        }
        match Pin::new(&mut self.io).poll_write(cx, leaving) {
            Poll::Pending => false,
            Poll::Ready(Ok(count)) if count > 0 => {
                leaving.advance(count);
                if leaving.is_empty() {
                    // An idle connection keeps no memory.
                    *leaving = BytesMut::new();
                    self.unsent
                        .drain(..)
                        .for_each(|promise| promise.set_result(Ok(())));
                }
                true
            }
            Poll::Ready(_) => {
                self.stage = Stage::Over;
                true
            }
        }
    }

    /// Whether nothing is read just now: the user has messages to take first, or the peer does not take what it is sent.
    fn is_deaf(&self) -> bool {
        let is_full = matches!(self.stage, Stage::Open) && self.shared.is_full();
        is_full || self.is_congested()
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> bool {
        if !matches!(self.stage, Stage::Open | Stage::Closing(_)) || self.is_deaf() {
            return false;
        }
        let holds = self.holds_close(cx);
        self.socket.get_mut().holds_close = holds;
        match self.socket.read() {
            Ok(frame) => self.receive(frame),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                return match self.socket.get_ref().has_close {
                    true => self.begin_patience(),
                    false => self.poll_fill(cx),
                };
            }
            Err(error) => self.fail(error),
        }
        true
    }

    /// Whether the peer's goodbye is kept back: what it sent before that may be answered, which it would not be afterwards.
    fn holds_close(&mut self, cx: &mut Context<'_>) -> bool {
        let untaken = matches!(self.stage, Stage::Open) && self.shared.has_untaken();
        let patience = self.patience.as_mut();
        untaken && patience.is_none_or(|patience| Pin::new(patience).poll(cx).is_pending())
    }

    /// Whether it has begun just now, and is to be looked at.
    fn begin_patience(&mut self) -> bool {
        let is_new = self.patience.is_none();
        self.patience
            .get_or_insert_with(|| co::sleep(CLOSE_TIMEOUT));
        is_new
    }

    /// Takes in what the peer has sent. A connection that is lost ends as one that the peer has closed.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> bool {
        let mut room = [0; CHUNK];
        let pipe = self.socket.get_mut();
        match Pin::new(&mut self.io).poll_read(cx, &mut room) {
            Poll::Pending => return false,
            Poll::Ready(Ok(count)) if count > 0 => pipe.arrived.extend_from_slice(&room[..count]),
            Poll::Ready(_) => pipe.ended = true,
        }
        true
    }

    fn receive(&mut self, frame: Frame) {
        match frame {
            Frame::Text(text) => self.give(Message::Text(text.as_str().to_owned())),
            Frame::Binary(bytes) => self.give(Message::Binary(bytes)),
            Frame::Ping(payload) => {
                // tungstenite has made the answer.
                let _ = self.socket.flush();
                self.shared.tell(Control::Ping(payload));
            }
            Frame::Pong(payload) => {
                self.shared.tell(Control::Pong(payload));
                if let Some(heart) = &mut self.heart {
                    heart.hear();
                }
            }
            Frame::Close(frame) => {
                let mut end = self.shared.end.borrow_mut();
                end.code = frame.as_ref().map(|frame| frame.code.into());
                end.reason = frame.map(|frame| frame.reason.as_str().to_owned());
                drop(end);
                // The answer as well. Its result says that there is nothing more to do.
                let _ = self.socket.flush();
                self.part(None);
            }
            Frame::Frame(_) => {}
        }
    }

    /// What the peer sends after we have closed is of no interest.
    fn give(&self, message: Message) {
        if let Stage::Open = self.stage {
            self.shared.give(Some(message));
        }
    }

    fn fail(&mut self, error: Error) {
        let (kind, code) = match error {
            // The peer has vanished.
            Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Io(_) => {
                self.stage = Stage::Over;
                return;
            }
            Error::Utf8(_) => (Kind::Text, CloseCode::Invalid),
            Error::Capacity(_) => (Kind::TooLarge(self.max_message_size), CloseCode::Size),
            _ => (Kind::Protocol, CloseCode::Protocol),
        };
        self.shared.end.borrow_mut().error = Some(WebSocketError::caused(kind, error));
        self.part(Some((code, "")));
    }
}

/// When the peer has nothing more to say.
impl Driver {
    /// Says goodbye, unless that has been said, and reads nothing more.
    fn part(&mut self, goodbye: Option<(CloseCode, &'static str)>) {
        if let (Stage::Open, Some((code, reason))) = (&self.stage, goodbye) {
            let reason = reason.into();
            // It goes into memory.
            let _ = self.socket.close(Some(CloseFrame { code, reason }));
        }
        self.stage = Stage::Parting(co::sleep(LINGER));
        self.shared.end();
    }

    /// Ready when there is another stage.
    fn poll_part(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.socket.get_ref().leaving.is_empty() {
            if !self.poll_write(cx) {
                return Poll::Pending;
            }
            if let Stage::Over = self.stage {
                return Poll::Ready(());
            }
        }
        self.stage = match ready!(Pin::new(&mut self.io).poll_close(cx)) {
            Ok(()) => Stage::Lingering(co::sleep(LINGER)),
            Err(_) => Stage::Over,
        };
        Poll::Ready(())
    }

    /// Reads and drops what the peer still sends.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut waste = [0; CHUNK];
        while let Ok(1..) = ready!(Pin::new(&mut self.io).poll_read(cx, &mut waste)) {}
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // First, so that what is claimed there is given back.
        self.command = None;
        self.end();
    }
}
