//! From any number of threads to one coroutine.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::budget;

/// Makes a channel, from any number of threads to one coroutine.
///
/// [`Handle::add_callback`](crate::Handle::add_callback) has a loop run something; this gives a coroutine something to wait for. Between coroutines of one
/// thread use a [queue](crate::queues), which costs less.
///
/// ```
/// use coroutine_core::channel::{Receiver, channel};
/// use coroutine_core::{self as co, IoLoop};
///
/// #[co::coroutine]
/// fn sum(mut numbers: Receiver<u32>) -> u32 {
///     let mut sum = 0;
///     while let Some(number) = yield_!(numbers.recv()) {
///         sum += number;
///     }
///     sum
/// }
///
/// let (sender, receiver) = channel();
/// let thread = std::thread::spawn(move || (1..=3).try_for_each(|number| sender.send(number)));
/// assert_eq!(IoLoop::current().run_sync(|| sum(receiver))?, 6);
/// assert!(thread.join().unwrap().is_ok());
/// # Ok::<(), co::LoopError>(())
/// ```
///
/// It has no bound: where its senders are faster than its receiver for long, memory ends.
///
/// While the receiver is waited for, the loop can be woken, so it neither ends by itself nor reports that it can never wake, also where all senders are its own
/// coroutines'.
#[must_use]
pub fn channel<T: Send>() -> (Sender<T>, Receiver<T>) {
    let shared = Arc::new(Shared(Mutex::new(State {
        items: VecDeque::new(),
        senders: 1,
        is_received: true,
        waker: None,
    })));
    let sender = Sender {
        shared: Arc::clone(&shared),
    };
    (sender, Receiver { shared })
}

struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    items: VecDeque<T>,
    /// How many [`Sender`]s there are.
    senders: usize,
    /// Whether there is a [`Receiver`].
    is_received: bool,
    /// Whom to wake: the receiver, while it waits.
    waker: Option<Waker>,
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        // No foreign code runs while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a [`channel`] that other threads have. Clones send to the same receiver.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Sender<T> {
    /// Sends an item, and wakes the loop of the receiver for it.
    ///
    /// # Errors
    ///
    /// Fails when the receiver is gone. The error has the item. One that was sent before the receiver went is dropped with that.
    pub fn send(&self, item: T) -> Result<(), SendError<T>> {
        let waker = {
            let mut state = self.shared.lock();
            if !state.is_received {
                drop(state);
                return Err(SendError(item));
            }
            state.items.push_back(item);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
        Ok(())
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        self.shared.lock().senders += 1;
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let waker = {
            let mut state = self.shared.lock();
            state.senders -= 1;
            match state.senders {
                0 => state.waker.take(),
                _ => None,
            }
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// The end of a [`channel`] that a coroutine has.
pub struct Receiver<T> {
    shared: Arc<Shared<T>>,
}

impl<T> Receiver<T> {
    /// Waits for the next item; yields none when there are no more and all senders are gone.
    pub fn recv(&mut self) -> Recv<'_, T> {
        Recv { receiver: self }
    }

    /// Takes the next item, if it is there.
    #[must_use]
    pub fn try_recv(&mut self) -> Option<T> {
        self.shared.lock().items.pop_front()
    }

    /// The next item, or that there will be none. While neither is known, `waker` is the one to wake.
    fn take_or_wait(&self, waker: Waker) -> Poll<Option<T>> {
        let mut state = self.shared.lock();
        let known = state.known();
        // Dropped when it is unlocked: that is foreign code.
        let _spare = match known.is_ready() {
            true => Some(waker),
            false => state.waker.replace(waker),
        };
        drop(state);
        known
    }
}

impl<T> State<T> {
    fn known(&mut self) -> Poll<Option<T>> {
        match self.items.pop_front() {
            Some(item) => Poll::Ready(Some(item)),
            None if self.senders == 0 => Poll::Ready(None),
            None => Poll::Pending,
        }
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        let rest = {
            let mut state = self.shared.lock();
            state.is_received = false;
            // There is a waker where a `Recv` was forgotten. It would keep the loop from ending.
            (std::mem::take(&mut state.items), state.waker.take())
        };
        drop(rest);
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

/// What [`Receiver::recv`] gives. Dropping it takes no item.
#[derive(Debug)]
#[must_use = "nothing is received unless it is yielded"]
pub struct Recv<'a, T> {
    receiver: &'a mut Receiver<T>,
}

impl<T> StdFuture for Recv<'_, T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if !budget::spend(cx) {
            return Poll::Pending;
        }
        let known = self.receiver.shared.lock().known();
        match known {
            Poll::Ready(known) => Poll::Ready(known),
            // Cloned where nothing is locked, and then looked at again.
            Poll::Pending => self.receiver.take_or_wait(cx.waker().clone()),
        }
    }
}

/// Nobody is to be woken any more, and the waker would keep the loop from ending.
impl<T> Drop for Recv<'_, T> {
    fn drop(&mut self) {
        let waker = self.receiver.shared.lock().waker.take();
        drop(waker);
    }
}

/// Why an item was not sent: the receiver is gone. It gives the item back.
pub struct SendError<T>(T);

impl<T> SendError<T> {
    /// The item.
    pub fn into_item(self) -> T {
        self.0
    }
}

/// Without the item, which need not be `Debug`.
impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the receiver of the channel is gone")
    }
}

impl<T> Error for SendError<T> {}
