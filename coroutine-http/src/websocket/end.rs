//! What the user's side and the driver share.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use coroutine_core as co;
use coroutine_core::queues::Queue;
use tungstenite::Message as Frame;
use tungstenite::protocol::CloseFrame;

use super::error::{Kind, WebSocketError};
use super::message::Message;

/// What the user's side asks of the driver.
pub(super) enum Command {
    /// Send a frame, and say when it has gone.
    Send(Frame, co::Promise<Result<(), WebSocketError>>),
    /// Begin the close handshake.
    Close(Option<CloseFrame>),
    /// There is room for messages again, or there are none any more.
    Taken,
}

pub(super) struct Shared {
    pub(super) commands: Queue<Command>,
    /// Nothing stands for the end, and stays there once it has come.
    pub(super) messages: Queue<Option<Message>>,
    /// What nobody has got yet, in bytes: the messages in the queue, and those that are on their way to somebody who waits.
    untaken: Cell<usize>,
    /// Who is told of pings and pongs.
    pub(super) listener: RefCell<Option<Listener>>,
    pub(super) end: RefCell<End>,
    /// Nothing can be read any more but what is in the queue, and nothing sent.
    pub(super) is_over: Cell<bool>,
}

/// A frame that keeps a connection alive, with its payload.
pub(super) enum Control {
    Ping(Bytes),
    Pong(Bytes),
}

pub(super) type Listener = Rc<dyn Fn(Control)>;

/// While nobody has got so many bytes of messages, nothing more is read. Up to there it is, so that pings and the end do not wait for whoever reads the messages.
const READ_AHEAD: usize = 64 * 1024;

/// What a message takes besides its contents, roughly, in bytes: so that there are not too many empty ones.
const OVERHEAD: usize = 64;

/// How it came to an end.
#[derive(Default)]
pub(super) struct End {
    /// What the peer said as it closed.
    pub(super) code: Option<u16>,
    pub(super) reason: Option<String>,
    /// What the peer did wrong, until somebody was told.
    pub(super) error: Option<WebSocketError>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            commands: Queue::new(0),
            messages: Queue::new(0),
            untaken: Cell::new(0),
            listener: RefCell::default(),
            end: RefCell::default(),
            is_over: Cell::new(false),
        }
    }

    pub(super) fn ask(&self, command: Command) {
        // There is always room.
        let _ = self.commands.put_nowait(command);
    }

    pub(super) fn give(&self, message: Option<Message>) {
        self.untaken.set(self.untaken.get() + weight(&message));
        // There is always room.
        let _ = self.messages.put_nowait(message);
    }

    /// Somebody has got a message.
    pub(super) fn take(&self, message: &Option<Message>) {
        let was_full = self.is_full();
        self.untaken.set(self.untaken.get() - weight(message));
        let has_room = was_full && !self.is_full();
        if (has_room || !self.has_untaken()) && !self.is_over.get() {
            self.ask(Command::Taken);
        }
    }

    /// Whether there are messages that nobody has got.
    pub(super) fn has_untaken(&self) -> bool {
        self.untaken.get() > 0
    }

    /// Whether there are messages to be taken before more of them are read.
    pub(super) fn is_full(&self) -> bool {
        self.untaken.get() >= READ_AHEAD
    }

    /// Tells whoever wants to know, on a turn of its own.
    pub(super) fn tell(&self, control: Control) {
        let listener = self.listener.borrow().clone();
        if let Some(listener) = listener {
            co::IoLoop::current().add_callback(move || listener(control));
        }
    }

    /// Nothing comes any more, and nothing goes.
    pub(super) fn end(&self) {
        if self.is_over.replace(true) {
            return;
        }
        self.give(None);
        while let Some(command) = self.commands.get_nowait() {
            if let Command::Send(_, promise) = command {
                promise.set_result(Err(WebSocketError::new(Kind::Closed)));
            }
        }
    }
}

fn weight(message: &Option<Message>) -> usize {
    let message = message.as_ref();
    message.map_or(0, |message| message.as_bytes().len() + OVERHEAD)
}
