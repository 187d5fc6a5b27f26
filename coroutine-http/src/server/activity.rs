//! What a connection is doing, so that one that stands still can be told from one that is at work.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use coroutine_core as co;

use crate::rt::Watch;

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// The head of a request, or that the client takes a response. Bytes that arrive are no progress: a client may send them one by one.
    Head,
    /// The body of a request.
    Body,
    /// A handler, which takes the time that it takes.
    Handler,
}

/// Kept by the connection, its I/O and its service. Costs a request a few stores, and no look at a clock.
pub(super) struct Activity {
    phase: Cell<Phase>,
    /// Grows with whatever counts as progress.
    progress: Cell<u32>,
    /// Whether a response was given before the request's body had been read.
    hasty: Cell<bool>,
    /// Whether a part of a response waits for the client.
    stuck: Cell<bool>,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            phase: Cell::new(Phase::Head),
            progress: Cell::new(0),
            hasty: Cell::new(false),
            stuck: Cell::new(false),
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.note();
    }

    pub(super) fn set_hasty(&self, hasty: bool) {
        self.hasty.set(hasty);
    }

    pub(super) fn is_hasty(&self) -> bool {
        self.hasty.get()
    }

    /// Whether there is nothing to be done for the client: no request is complete, and no response is on its way.
    pub(super) fn is_at_rest(&self) -> bool {
        self.phase.get() == Phase::Head && !self.stuck.get()
    }

    fn note(&self) {
        self.progress.set(self.progress.get().wrapping_add(1));
    }
}

impl Watch for Rc<Activity> {
    fn on_read(&self) {
        if self.phase.get() == Phase::Body {
            self.note();
        }
    }

    fn on_write(&self) {
        self.note();
    }

    fn on_stuck(&self) {
        self.stuck.set(true);
    }

    fn on_flush(&self) {
        self.stuck.set(false);
    }
}

/// Ready when there was no progress for a while: at least the given time, at most half as long again.
pub(super) struct Idle {
    activity: Rc<Activity>,
    /// Half of the given time.
    period: Duration,
    alarm: co::Sleep,
    /// The progress when the alarm was set.
    seen: u32,
    /// For how many periods there was none.
    still: u32,
}

impl Idle {
    pub(super) fn new(activity: Rc<Activity>, timeout: Duration) -> Self {
        let period = timeout / 2;
        Self {
            seen: activity.progress.get(),
            activity,
            period,
            alarm: co::sleep(period),
            still: 0,
        }
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while Pin::new(&mut self.alarm).poll(cx).is_ready() {
            let progress = self.activity.progress.get();
            let moves = progress != self.seen || self.activity.phase.get() == Phase::Handler;
            self.seen = progress;
            self.still = if moves { 0 } else { self.still + 1 };
            if self.still >= 2 {
                return Poll::Ready(());
            }
            self.alarm = co::sleep(self.period);
        }
        Poll::Pending
    }
}
