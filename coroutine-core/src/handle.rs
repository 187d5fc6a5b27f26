//! The part of a loop that other threads see.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::poller::Notifier;
use crate::waker::Remote;

thread_local! {
    static THREAD: Cell<u64> = const { Cell::new(0) };
}

/// A number that no other thread of this process has, or has had.
#[inline]
pub(crate) fn thread_id() -> u64 {
    let id = THREAD.get();
    if id == 0 { new_thread_id() } else { id }
}

#[cold]
fn new_thread_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    THREAD.set(id);
    id
}

/// What came from another thread.
pub(crate) enum Message {
    /// Wake this task.
    Wake(Arc<Remote>),
    /// Call this function, which was added there.
    Call(Box<dyn FnOnce() + Send>, &'static Location<'static>),
    /// Ask for the loop's end.
    Shutdown,
}

struct Inbox {
    messages: Vec<Message>,
    /// A closed loop takes nothing more.
    closed: bool,
}

/// What a loop shares with other threads.
pub(crate) struct Shared {
    /// The loop's thread.
    home: u64,
    inbox: Mutex<Inbox>,
    /// Set when there is something to look at, so that the loop need not lock in vain and is notified once.
    pending: AtomicBool,
    notifier: Notifier,
    /// Somebody called [`Handle::stop`].
    stop: AtomicBool,
    /// How many live tasks have wakers out.
    wakers: AtomicUsize,
    /// How many [`Handle`]s there are.
    handles: AtomicUsize,
}

impl Shared {
    pub(crate) fn new(notifier: Notifier) -> Self {
        Self {
            home: thread_id(),
            inbox: Mutex::new(Inbox {
                messages: Vec::new(),
                closed: false,
            }),
            pending: AtomicBool::new(false),
            notifier,
            stop: AtomicBool::new(false),
            wakers: AtomicUsize::new(0),
            handles: AtomicUsize::new(0),
        }
    }

    #[inline]
    pub(crate) fn home(&self) -> u64 {
        self.home
    }

    fn lock(&self) -> MutexGuard<'_, Inbox> {
        // Nothing panics while it is locked.
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, message: Message) {
        let refused = {
            let mut inbox = self.lock();
            if inbox.closed {
                Some(message)
            } else {
                inbox.messages.push(message);
                None
            }
        };
        if refused.is_none() {
            self.notify();
        }
        // Dropped here, where nothing is locked: a callback's destructor is foreign code.
        drop(refused);
    }

    pub(crate) fn send_wake(&self, remote: Arc<Remote>) {
        self.send(Message::Wake(remote));
    }

    fn notify(&self) {
        if !self.pending.swap(true, Ordering::AcqRel) {
            self.notifier.notify();
        }
    }

    /// Takes what has come since the last time.
    #[inline]
    pub(crate) fn receive(&self) -> Option<Vec<Message>> {
        if !self.pending.load(Ordering::Acquire) {
            return None;
        }
        // Reading too, so that whatever was written before the notification is seen, a stop for example.
        self.pending.swap(false, Ordering::AcqRel);
        Some(std::mem::take(&mut self.lock().messages))
    }

    /// Whether another thread has asked the loop to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending.load(Ordering::Acquire)
    }

    /// Whether another thread has asked the loop to stop. Asking again gives false.
    pub(crate) fn take_stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed) && self.stop.swap(false, Ordering::AcqRel)
    }

    /// Whether anything outside can still wake the loop, or has.
    ///
    /// The counts come first: who sends something does so before its waker or handle goes.
    pub(crate) fn is_reachable(&self) -> bool {
        self.wakers.load(Ordering::Acquire) != 0
            || self.handles.load(Ordering::Acquire) != 0
            || self.is_pending()
    }

    /// Takes nothing more from now on, and gives back what has come.
    pub(crate) fn close(&self) -> Vec<Message> {
        let mut inbox = self.lock();
        inbox.closed = true;
        std::mem::take(&mut inbox.messages)
    }

    pub(crate) fn waker_made(&self) {
        self.wakers.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn waker_gone(&self) {
        self.gone(&self.wakers);
    }

    /// One fewer can wake the loop. If it was the last, a loop that waits must learn that it waits for nothing.
    fn gone(&self, count: &AtomicUsize) {
        if count.fetch_sub(1, Ordering::AcqRel) == 1 && self.home != thread_id() {
            self.notify();
        }
    }
}

/// A way to reach a loop from any thread.
///
/// While a handle exists the loop can be woken, so it neither ends by itself nor reports that it can never wake.
///
/// To give a coroutine a result from another thread, use a [`channel`](crate::channel::channel()), or another crate's whose receiving end is a future: its waker
/// reaches the loop by itself, and needs no handle.
///
/// ```
/// use coroutine_core::IoLoop;
///
/// let io_loop = IoLoop::current();
/// let handle = io_loop.handle();
/// let thread = std::thread::spawn(move || {
///     handle.add_callback(|| println!("on the loop's thread"));
///     handle.stop();
/// });
/// io_loop.start()?;
/// thread.join().unwrap();
/// # Ok::<(), coroutine_core::LoopError>(())
/// ```
pub struct Handle {
    shared: Arc<Shared>,
}

impl Handle {
    pub(crate) fn new(shared: &Arc<Shared>) -> Self {
        shared.handles.fetch_add(1, Ordering::AcqRel);
        Self {
            shared: Arc::clone(shared),
        }
    }

    /// Calls `callback` on the loop's thread, on its next turn, and wakes the loop for it. Once the loop is closed, the callback is dropped.
    #[track_caller]
    pub fn add_callback(&self, callback: impl FnOnce() + Send + 'static) {
        let message = Message::Call(Box::new(callback), Location::caller());
        self.shared.send(message);
    }

    /// Stops the loop as [`IoLoop::stop`](crate::IoLoop::stop) does, and wakes it for that.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.notify();
    }

    /// Asks for the loop's end as [`IoLoop::request_shutdown`](crate::IoLoop::request_shutdown) does, and wakes it for that.
    pub fn request_shutdown(&self) {
        self.shared.send(Message::Shutdown);
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        Self::new(&self.shared)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.gone(&self.shared.handles);
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}
