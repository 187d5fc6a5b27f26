//! What a connection is doing, so that one that stands still can be told from one that is at work.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::io::IoSlice;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use coroutine_core as co;

use super::head_scan::HeadScan;
use super::http2::Streams;
use super::settings::Settings;
use super::upgrade::Upgrade;
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
    /// HTTP/2: another request, a part of one's body, or that the client takes a part of a response.
    Peer,
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
    /// Whether the connection has a part of a streamed response that it has not sent, and takes no other meanwhile.
    sending: Cell<bool>,
    /// What the connection turns to after the response that is sent.
    upgrade: Cell<Option<Upgrade>>,
    /// Whether a byte was read since the phase began.
    has_read: Cell<bool>,
    /// How many bytes were read.
    received: Cell<usize>,
    scan: Cell<HeadScan>,
    /// How many requests there were.
    requests: Cell<u32>,
    /// The others of the connection, if this is one of several requests that it answers at a time.
    streams: Option<Rc<Streams>>,
}

impl Activity {
    /// For a connection with one request at a time.
    pub(super) fn new() -> Self {
        Self::of(Phase::Head, HeadScan::new(), None)
    }

    /// For a connection with several.
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "there is none"))]
    pub(super) fn of_many() -> Self {
        Self::of(Phase::Peer, HeadScan::off(), None)
    }

    /// For one of several requests.
    #[cfg_attr(not(feature = "http2"), expect(dead_code, reason = "there is none"))]
    pub(super) fn within(streams: Rc<Streams>) -> Self {
        Self::of(Phase::Head, HeadScan::off(), Some(streams))
    }

    fn of(phase: Phase, scan: HeadScan, streams: Option<Rc<Streams>>) -> Self {
        Self {
            phase: Cell::new(phase),
            progress: Cell::new(0),
            hasty: Cell::new(false),
            stuck: Cell::new(false),
            sending: Cell::new(false),
            upgrade: Cell::default(),
            has_read: Cell::new(false),
            received: Cell::new(0),
            scan: Cell::new(scan),
            requests: Cell::new(0),
            streams,
        }
    }

    pub(super) fn set_upgrade(&self, upgrade: Option<Upgrade>) {
        self.upgrade.set(upgrade);
    }

    pub(super) fn take_upgrade(&self) -> Option<Upgrade> {
        self.upgrade.take()
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.turn_to(phase);
        self.has_read.set(false);
        self.note();
    }

    /// As [`enter`](Self::enter), where that is no progress.
    pub(super) fn turn_to(&self, phase: Phase) {
        self.change(|| self.phase.set(phase));
    }

    pub(super) fn set_sending(&self, sending: bool) {
        self.change(|| self.sending.set(sending));
    }

    /// Tells the others, if there are any, whether a handler is at work after the change.
    fn change(&self, change: impl FnOnce()) {
        let Some(streams) = &self.streams else {
            return change();
        };
        let was_at_work = self.is_at_work();
        change();
        streams.go(was_at_work, self.is_at_work());
    }

    /// Another request has come.
    pub(super) fn begin(&self) {
        self.requests.set(self.requests.get().wrapping_add(1));
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

    /// Whether a request is being answered, and the client has sent nothing more that was read.
    pub(super) fn is_answering(&self) -> bool {
        self.phase.get() == Phase::Handler && self.scan.get().is_at_end_of(self.requests.get())
    }

    /// Whether the head of the request that has come says twice how long its body is, so that somebody before this server may have seen another end of it (RFC 9112, 6.1).
    pub(super) fn is_ambiguous(&self) -> bool {
        self.scan.get().is_ambiguous(self.requests.get())
    }

    /// Whether a handler is at work that does not wait for the client to take something.
    fn is_at_work(&self) -> bool {
        self.phase.get() == Phase::Handler && !self.stuck.get() && !self.sending.get()
    }

    /// Something counts as progress.
    pub(super) fn note(&self) {
        self.progress.set(self.progress.get().wrapping_add(1));
    }
}

/// For a connection that knows which of its bytes count.
#[cfg(feature = "http2")]
impl Activity {
    /// So many bytes of bodies have arrived.
    pub(super) fn receive(&self, count: usize) {
        self.received.set(self.received.get().wrapping_add(count));
    }
}

impl Drop for Activity {
    fn drop(&mut self) {
        if let Some(streams) = &self.streams {
            streams.go(self.is_at_work(), false);
        }
    }
}

impl Watch for Rc<Activity> {
    #[inline]
    fn on_read(&self, bytes: &[u8]) {
        self.has_read.set(true);
        self.received
            .set(self.received.get().wrapping_add(bytes.len()));
        let mut scan = self.scan.get();
        scan.feed(bytes);
        self.scan.set(scan);
    }

    #[inline]
    fn on_write(&self, _parts: &[IoSlice<'_>], _count: usize) {
        self.note();
    }

    fn on_stuck(&self) {
        self.stuck.set(true);
    }

    fn on_flush(&self) {
        self.stuck.set(false);
    }
}

/// There is no look more often than so.
const SHORTEST: Duration = Duration::from_millis(1);

/// Ready when there was no progress for a while: at least the given time, at most half as long again.
pub(super) struct Idle {
    activity: Rc<Activity>,
    limits: Limits,
    /// How often there is a look: twice in the shorter one of the limits.
    period: Duration,
    alarm: co::Sleep,
    /// Whether the connection's coroutine is woken by it.
    listens: bool,
    /// The progress when the alarm was set.
    seen: u32,
    /// The bytes that were read when the alarm was set.
    received: usize,
    /// For how long there was none.
    still: Duration,
}

struct Limits {
    idle: Duration,
    head: Duration,
    /// How much of a body has to arrive in a period.
    body: usize,
}

impl Idle {
    pub(super) fn new(activity: Rc<Activity>, settings: &Settings) -> Self {
        let (idle, head) = (settings.idle_timeout, settings.header_timeout());
        // Where it is too short to be told from none, there would be no end of looking.
        let period = (idle.min(head) / 2).max(SHORTEST);
        let body = period.as_secs_f64() * f64::from(settings.min_body_rate);
        // A float that is too large becomes the largest number.
        let body = (body as usize).max(1);
        Self {
            limits: Limits { idle, head, body },
            period,
            alarm: co::sleep(period),
            listens: false,
            seen: activity.progress.get(),
            received: activity.received.get(),
            still: Duration::ZERO,
            activity,
        }
    }

    /// Polled by one coroutine only, and often.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.listens && !self.alarm.done() {
            return Poll::Pending;
        }
        self.listens = true;
        while Pin::new(&mut self.alarm).poll(cx).is_ready() {
            self.still = match self.moves() {
                true => Duration::ZERO,
                false => self.still.saturating_add(self.period),
            };
            if self.still >= self.limit() {
                return Poll::Ready(());
            }
            self.alarm = co::sleep(self.period);
        }
        Poll::Pending
    }

    /// Whether there was progress since the last look.
    fn moves(&mut self) -> bool {
        let (progress, received) = (self.activity.progress.get(), self.activity.received.get());
        let progressed = progress != self.seen;
        let enough = received.wrapping_sub(self.received) >= self.limits.body;
        (self.seen, self.received) = (progress, received);
        match self.activity.phase.get() {
            Phase::Body => enough,
            Phase::Peer => progressed || enough,
            Phase::Head | Phase::Handler => progressed || self.activity.is_at_work(),
        }
    }

    fn limit(&self) -> Duration {
        let head_has_begun = self.activity.phase.get() == Phase::Head
            && self.activity.has_read.get()
            && !self.activity.stuck.get();
        match head_has_begun {
            true => self.limits.head,
            false => self.limits.idle,
        }
    }
}
