//! Noticing the end of a child.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::process::Child;

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::pidfd;
use crate::net::watched::Watched;
use crate::poller::Purpose;
use crate::signal::{Signal, SignalKind, signal};

/// What tells that a child may have ended.
pub(super) enum Exit {
    /// The child's own descriptor.
    Descriptor(Watched<Pidfd>),
    /// The signal that some child has ended.
    Signal(Signal),
}

impl Exit {
    /// The child's own descriptor, where the system has such a thing.
    pub(super) fn of(child: &Child) -> io::Result<Self> {
        match pidfd::open(child) {
            Ok(descriptor) => {
                Watched::with_purpose(Pidfd(descriptor), Purpose::Child).map(Self::Descriptor)
            }
            Err(_) => Self::by_signal(),
        }
    }

    fn by_signal() -> io::Result<Self> {
        signal(SignalKind::CHILD).map(Self::Signal)
    }

    /// Waits until `look` finds that the child has ended. It looks first, so an end before this was made is not missed.
    pub(super) async fn wait<R>(&self, look: impl Fn() -> io::Result<Option<R>>) -> io::Result<R> {
        match self {
            Self::Descriptor(watched) => {
                let look = |_: &Pidfd| look()?.ok_or_else(|| io::ErrorKind::WouldBlock.into());
                watched.when_ready(watched.reader(), look).await
            }
            Self::Signal(signal) => signal.recv_until(look).await,
        }
    }
}

/// A process as a descriptor.
pub(super) struct Pidfd(OwnedFd);

impl AsRawFd for Pidfd {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl Source for Pidfd {
    fn register(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, interest)
    }

    fn reregister(
        &mut self,
        registry: &Registry,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, interest)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::process::{Child, Command};
    use std::rc::Rc;

    use super::*;
    use crate::{Future, IoLoop};

    fn shell(script: &str) -> Child {
        let spawned = Command::new("sh").args(["-c", script]).spawn();
        spawned.expect("a shell")
    }

    fn code(exit: Rc<Exit>, child: Rc<RefCell<Child>>) -> Future<Option<i32>> {
        IoLoop::current().spawn(async move {
            let status = exit.wait(|| child.borrow_mut().try_wait()).await;
            status.expect("a status").code()
        })
    }

    #[test]
    fn where_there_are_no_descriptors_of_processes_the_signal_tells() {
        let codes = || async {
            let exit = Rc::new(Exit::by_signal().expect("a signal"));
            let child = Rc::new(RefCell::new(shell("sleep 0.1; exit 3")));
            // Another one that ends before is not mistaken for it.
            let other = Rc::new(RefCell::new(shell("exit 4")));
            let first = code(Rc::clone(&exit), Rc::clone(&child));
            let second = code(exit, child);
            let other = code(Rc::new(Exit::by_signal().expect("a signal")), other);
            (other.await, first.await, second.await)
        };
        let io_loop = IoLoop::new().expect("a loop");
        assert_eq!(
            io_loop.run_sync(codes).expect("an end"),
            (Some(4), Some(3), Some(3))
        );
    }
}
