//! The sockets at which the loop of this thread accepts, and a way to have all of them wait.

use std::cell::RefCell;
use std::future::{Future as StdFuture, poll_fn};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Poll, ready};

use super::tcp_listener::TcpListener;
use crate::locks::{Event, Wait};

/// All of a thread's.
struct Doors {
    /// Those that are gone are swept out when one is added.
    listeners: RefCell<Vec<Weak<TcpListener>>>,
    /// One of the two is set.
    open: Event,
    shut: Event,
}

thread_local! {
    static DOORS: Doors = Doors::new();
}

impl Doors {
    fn new() -> Self {
        let (open, shut) = (Event::new(), Event::new());
        open.set();
        Self {
            listeners: RefCell::default(),
            open,
            shut,
        }
    }
}

/// What whoever accepts goes through.
pub struct Door {
    shut: Event,
    open: Event,
    waits: Waits,
}

/// For which of the two.
enum Waits {
    Shut(Wait<()>),
    Open(Wait<()>),
}

impl Door {
    /// One of this thread's.
    #[expect(clippy::new_without_default, reason = "it depends on the thread")]
    pub fn new() -> Self {
        DOORS.with(|doors| Self {
            shut: doors.shut.clone(),
            open: doors.open.clone(),
            waits: Waits::Shut(doors.shut.wait()),
        })
    }

    /// That of a listener, which is kept where the program is executed anew, as long as it lives.
    pub fn of(listener: &Rc<TcpListener>) -> Self {
        DOORS.with(|doors| {
            let mut listeners = doors.listeners.borrow_mut();
            listeners.retain(|listener| listener.strong_count() > 0);
            listeners.push(Rc::downgrade(listener));
        });
        Self::new()
    }

    /// What `accepting` gives, which is not asked while all doors are shut.
    pub async fn pass<F: StdFuture>(&mut self, accepting: F) -> F::Output {
        let mut accepting = pin!(accepting);
        poll_fn(|cx| {
            loop {
                self.waits = match &mut self.waits {
                    Waits::Shut(shut) => match Pin::new(shut).poll(cx) {
                        Poll::Pending => return accepting.as_mut().poll(cx),
                        Poll::Ready(()) => Waits::Open(self.open.wait()),
                    },
                    Waits::Open(open) => {
                        ready!(Pin::new(open).poll(cx));
                        Waits::Shut(self.shut.wait())
                    }
                };
            }
        })
        .await
    }
}

/// Has nothing accepted on this thread while it lives. Connections wait meanwhile.
#[must_use = "dropping it has connections accepted again"]
pub struct Pause(());

/// Accepts nothing more for now.
pub fn pause_accepting() -> Pause {
    DOORS.with(|doors| {
        doors.open.clear();
        doors.shut.set();
    });
    Pause(())
}

impl Drop for Pause {
    fn drop(&mut self) {
        // Not where the thread ends.
        let _ = DOORS.try_with(|doors| {
            doors.shut.clear();
            doors.open.set();
        });
    }
}

/// Other descriptors of the sockets.
pub(crate) fn sockets() -> io::Result<Vec<OwnedFd>> {
    DOORS.with(|doors| {
        let listeners = doors.listeners.borrow();
        let listeners = listeners.iter().filter_map(Weak::upgrade);
        listeners
            .map(|listener| listener.as_fd().try_clone_to_owned())
            .collect()
    })
}
