//! What ends a long wait: a timer of the kernel's, which is seldom set.
//!
//! For each wait that has a time limit the kernel sets a timer and takes it back, which is a good part of what a short wait costs, as there are many where clients and servers
//! have timeouts that never come. So a limit that is far away is left to a `timerfd`, which is watched as sockets are. It stays set as it is until a wait has an earlier limit; where it goes off
//! too early, the loop wakes once for nothing.

use std::cell::{Cell, OnceCell};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};

/// A shorter wait has a limit of its own, so that the loop is woken for nothing once in this time at most.
const LONG: Duration = Duration::from_secs(1);

/// By how much it may be late: waits are counted in milliseconds anyway.
const SLACK: Duration = Duration::from_millis(1);

/// No descriptor's number.
const TOKEN: Token = Token(usize::MAX - 1);

#[derive(Default)]
pub(crate) struct Alarm {
    /// Made at the first long wait. None where the kernel gives none.
    timer: OnceCell<Option<OwnedFd>>,
    /// It goes off no earlier than this, and not much later.
    due: Cell<Option<Instant>>,
}

impl Alarm {
    /// The limit of a wait of `time`; none if the alarm ends it.
    pub(crate) fn limit(&self, registry: &Registry, time: Duration) -> Option<Duration> {
        if time < LONG {
            return Some(time);
        }
        let now = Instant::now();
        let is_set =
            |due: Instant| now < due && due.duration_since(now) <= time.saturating_add(SLACK);
        if self.due.get().is_some_and(is_set) || self.set(registry, now, time) {
            return None;
        }
        Some(time)
    }

    /// Says whether it could be set.
    fn set(&self, registry: &Registry, now: Instant, time: Duration) -> bool {
        let timer = self.timer.get_or_init(|| timer(registry).ok());
        let (Some(timer), Some(due)) = (timer, now.checked_add(time)) else {
            return false;
        };
        let Ok(it_value) = Timespec::try_from(time) else {
            return false;
        };
        let it_interval = Timespec::default();
        let when = Itimerspec {
            it_interval,
            it_value,
        };
        let is_set = timerfd_settime(timer, TimerfdTimerFlags::empty(), &when).is_ok();
        self.due.set(is_set.then_some(due));
        is_set
    }
}

/// A timer that the poller watches. Nobody reads from it: it is watched edge-triggered, and setting it clears it.
fn timer(registry: &Registry) -> io::Result<OwnedFd> {
    let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
    let timer = timerfd_create(TimerfdClockId::Monotonic, flags)?;
    registry.register(&mut SourceFd(&timer.as_raw_fd()), TOKEN, Interest::READABLE)?;
    Ok(timer)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use mio::{Events, Poll};

    use super::{Alarm, LONG};

    #[test]
    fn a_long_wait_is_ended_by_the_alarm() {
        let mut poll = Poll::new().expect("a poller");
        let alarm = Alarm::default();
        let begin = Instant::now();
        assert_eq!(alarm.limit(poll.registry(), LONG), None);
        let mut events = Events::with_capacity(1);
        poll.poll(&mut events, Some(3 * LONG)).expect("a wait");
        let took = begin.elapsed();
        assert!(LONG <= took && took < 3 * LONG, "{took:?}");
    }

    #[test]
    fn it_is_set_anew_for_an_earlier_end_and_where_it_has_gone_off() {
        let poll = Poll::new().expect("a poller");
        let alarm = Alarm::default();
        let due_after = |time| {
            assert_eq!(alarm.limit(poll.registry(), time), None);
            alarm.due.get().expect("an alarm that is set")
        };
        let first = due_after(10 * LONG);
        assert_eq!(due_after(20 * LONG), first, "it comes early enough");
        let second = due_after(5 * LONG);
        assert!(second < first);
        alarm.due.set(Some(Instant::now() - LONG));
        assert!(due_after(5 * LONG) >= second);
    }

    #[test]
    fn a_short_wait_has_its_own_limit() {
        let poll = Poll::new().expect("a poller");
        let alarm = Alarm::default();
        for time in [Duration::ZERO, LONG / 2] {
            assert_eq!(alarm.limit(poll.registry(), time), Some(time));
        }
        assert!(alarm.due.get().is_none());
    }
}
