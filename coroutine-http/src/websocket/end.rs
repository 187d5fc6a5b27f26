//! What the user's side and the driver share.

use std::cell::{Cell, RefCell};

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
    /// A message was taken.
    Taken,
}

pub(super) struct Shared {
    pub(super) commands: Queue<Command>,
    /// Nothing stands for the end, and stays there once it has come.
    pub(super) messages: Queue<Option<Message>>,
    /// How many messages nobody has got yet: those in the queue, and one that is on its way to somebody who waits.
    pub(super) untaken: Cell<usize>,
    pub(super) end: RefCell<End>,
    /// Nothing can be read any more but what is in the queue, and nothing sent.
    pub(super) is_over: Cell<bool>,
}

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
            end: RefCell::default(),
            is_over: Cell::new(false),
        }
    }

    pub(super) fn ask(&self, command: Command) {
        // There is always room.
        let _ = self.commands.put_nowait(command);
    }

    pub(super) fn give(&self, message: Option<Message>) {
        self.untaken.set(self.untaken.get() + 1);
        // There is always room.
        let _ = self.messages.put_nowait(message);
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
