//! Values for coroutines to wait for: from other threads ([`channel`]), the latest of a value that changes ([`Watch`]), and each of them for everyone
//! ([`Broadcast`]).
//!
//! The latter two are for coroutines of one thread, as are [`locks`](crate::locks) and [`queues`](crate::queues), and like those they wake no loop by themselves.

mod broadcast;
mod mpsc;
mod watch;

pub use broadcast::{Broadcast, BroadcastError, NextItem, Subscriber};
pub use mpsc::{Receiver, Recv, SendError, Sender, channel};
pub use watch::{Changed, Watch};
