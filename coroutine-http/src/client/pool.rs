//! Connections that are kept for the next request.
//!
//! Nobody polls them meanwhile. Whatever comes on one is its end, or nothing that can be used, so the connection is dropped then; the loop does not go on for their sake.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use super::builder::Settings;
use super::connect::Target;
use super::connection::Connection;
use coroutine_core::IoLoop;

/// A client keeps no more connections than so, to whatever hosts.
const MAX_IDLE: usize = 100;

/// After how long the operating system is asked whether a connection is still good, in case the loop has not run meanwhile.
const LONG: Duration = Duration::from_millis(500);

#[derive(Default)]
pub(super) struct Pool(Rc<Inner>);

#[derive(Default)]
struct Inner {
    /// Those that have waited longest are first.
    idle: RefCell<VecDeque<Idle>>,
    next_number: Cell<u64>,
    /// Whose loop watches the connections.
    home: RefCell<Option<Rc<Home>>>,
}

/// Belongs to a loop, and stands for it without keeping it alive.
#[derive(Default)]
struct Home;

struct Idle {
    number: u64,
    target: Rc<Target>,
    since: Instant,
    connection: Connection,
}

impl Pool {
    /// Takes a connection to a target that `fits`, the one that was used last.
    pub(super) fn take(
        &self,
        fits: impl Fn(&Target) -> bool,
        settings: &Settings,
        now: Instant,
    ) -> Option<(Rc<Target>, Connection)> {
        if self.is_empty() {
            return None;
        }
        self.settle(settings, now);
        loop {
            let idle = self.0.take_last(&fits)?;
            idle.connection.wire().forget_when_touched();
            let long = now.saturating_duration_since(idle.since) >= LONG;
            if !(long && idle.connection.wire().is_touched()) {
                return Some((idle.target, idle.connection));
            }
        }
    }

    /// Keeps a connection that a request is done with, as of now.
    pub(super) fn put(
        &self,
        target: Rc<Target>,
        connection: Connection,
        settings: &Settings,
        since: Instant,
    ) {
        if !settings.keep_alive || settings.max_idle_per_host == 0 {
            return;
        }
        self.settle(settings, since);
        let number = self.0.next_number.replace(self.0.next_number.get() + 1);
        let pool = Rc::downgrade(&self.0);
        connection
            .wire()
            .when_touched(move || Inner::remove(&pool, number));
        self.0.make_room(&target, settings.max_idle_per_host);
        self.0.idle.borrow_mut().push_back(Idle {
            number,
            target,
            since,
            connection,
        });
    }

    /// How many connections there are.
    pub(super) fn len(&self) -> usize {
        self.0.idle.borrow().len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops all.
    pub(super) fn clear(&self) {
        let all = self.0.idle.take();
        drop(all);
    }

    /// Drops those whose time is over, and those of another loop.
    fn settle(&self, settings: &Settings, now: Instant) {
        let home = IoLoop::current().belonging(Home::default);
        let at_home = matches!(&*self.0.home.borrow(), Some(known) if Rc::ptr_eq(known, &home));
        if !at_home {
            self.clear();
            let before = self.0.home.replace(Some(home));
            drop(before);
        }
        self.0.drop_old(now, settings.idle_timeout);
    }
}

impl Inner {
    fn take_last(&self, fits: impl Fn(&Target) -> bool) -> Option<Idle> {
        let mut idle = self.idle.borrow_mut();
        let at = idle.iter().rposition(|idle| fits(&idle.target))?;
        idle.remove(at)
    }

    /// Drops the oldest, if there are as many as there may be.
    fn make_room(&self, target: &Target, most: usize) {
        let mut idle = self.idle.borrow_mut();
        let same = |idle: &Idle| *idle.target == *target;
        // Not counted where there are fewer over all.
        let is_full = idle.len() >= most && idle.iter().filter(|idle| same(idle)).count() >= most;
        let at = match is_full {
            true => idle.iter().position(same),
            false => (idle.len() >= MAX_IDLE).then_some(0),
        };
        let removed = at.and_then(|at| idle.remove(at));
        drop(idle);
        drop(removed);
    }

    fn drop_old(&self, now: Instant, timeout: Duration) {
        let is_old = |idle: &Idle| now.saturating_duration_since(idle.since) >= timeout;
        let mut idle = self.idle.borrow_mut();
        if !idle.front().is_some_and(is_old) {
            return;
        }
        let old = idle.iter().take_while(|idle| is_old(idle)).count();
        let old: Vec<Idle> = idle.drain(..old).collect();
        drop(idle);
        drop(old);
    }

    /// Something has come on the connection of this number, if it is still here.
    fn remove(pool: &Weak<Self>, number: u64) {
        let Some(pool) = pool.upgrade() else { return };
        let mut idle = pool.idle.borrow_mut();
        let at = idle.iter().position(|idle| idle.number == number);
        let removed = at.and_then(|at| idle.remove(at));
        drop(idle);
        drop(removed);
    }
}
