//! The loop itself: its queue, its timers, its poller, and the turn that goes through them.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::belongings::Belongings;
use crate::callback::Callback;
use crate::clock::Clock;
use crate::executor::{BlockingPool, Executor};
use crate::handle::{Message, Shared};
use crate::handler::Handler;
use crate::here;
use crate::limit::Limit;
use crate::live::Live;
use crate::log;
use crate::node::{AnyNode, Local, Node};
use crate::poller::Poller;
use crate::queue::Queue;
use crate::shutdown::Shutdown;
use crate::stamp;
use crate::task;
use crate::timers::{Nanos, Pass, TimerKey, Timers, nanos};
use crate::watch::{Held, Watch};

/// What tasks, timers and sockets hold of their loop. It does not own them: an [`IoLoop`](crate::IoLoop) closes it when the last one goes.
pub(crate) struct LoopCore {
    /// What runs on the next turn.
    ready: Queue,
    timers: RefCell<Timers>,
    poller: Poller,
    live: Live,
    clock: Box<dyn Clock>,
    /// The time at which the loop was made; timers count from here.
    epoch: Instant,
    shared: Arc<Shared>,
    phase: Cell<Phase>,
    /// Whether the loop is to stop after this turn.
    stopping: Cell<bool>,
    /// Whether the turn is not to wait.
    interrupted: Cell<bool>,
    /// What runs the loop's jobs.
    executor: RefCell<Rc<dyn Executor>>,
    /// How many jobs the loop waits for.
    jobs: Cell<usize>,
    shutdown: Shutdown,
    belongings: Belongings,
    counts: Counts,
    watch: Watch,
    /// How many nodes the present turn runs from the queue.
    batch: Cell<usize>,
    /// Whether the loop is closed and its queue takes nothing more.
    drained: Cell<bool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    /// Somebody is in `start`, `run_sync` or `turn`.
    Running,
    /// As `Running`, and closed as soon as they are done.
    Closing,
    Closed,
}

/// What a loop has done so far.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) turns: Cell<u64>,
    /// How often a node was run.
    pub(crate) callbacks: Cell<u64>,
    /// By how much the latest timer was late in the last pass that had any.
    pub(crate) lag: Cell<Nanos>,
    /// The largest of these.
    pub(crate) longest_lag: Cell<Nanos>,
}

impl Counts {
    fn add_turn(&self) {
        self.turns.set(self.turns.get().wrapping_add(1));
    }

    fn add_callbacks(&self, count: usize) {
        self.callbacks
            .set(self.callbacks.get().wrapping_add(count as u64));
    }

    /// Of a pass over so many timers.
    fn add_lag(&self, lag: Nanos, timers: usize) {
        if timers != 0 {
            self.lag.set(lag);
            self.longest_lag.set(self.longest_lag.get().max(lag));
        }
    }
}

/// What there is to wait for.
enum Wait {
    /// There is something to do.
    Not,
    /// Time, or whatever comes first.
    For(Duration),
    /// Something from outside; no longer than so.
    Outside(Option<Duration>),
    /// Nothing: the loop can never wake.
    Never,
}

/// How a turn went.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Done,
    /// Nothing can ever wake the loop again.
    NothingLeft,
}

/// So many turns a loop without timers takes without a look at the clock.
const UNTIMED_TURNS: u64 = 64;

impl LoopCore {
    pub(crate) fn new(clock: Box<dyn Clock>) -> io::Result<Self> {
        let poller = Poller::new()?;
        let shared = Arc::new(Shared::new(poller.notifier()?));
        let epoch = clock.now();
        Ok(Self {
            ready: Queue::new(),
            timers: RefCell::new(Timers::new()),
            poller,
            live: Live::new(),
            clock,
            epoch,
            shared,
            phase: Cell::new(Phase::Idle),
            stopping: Cell::new(false),
            interrupted: Cell::new(false),
            executor: RefCell::new(Rc::new(BlockingPool)),
            jobs: Cell::new(0),
            shutdown: Shutdown::new(),
            belongings: Belongings::default(),
            counts: Counts::default(),
            watch: Watch::new(),
            batch: Cell::new(0),
            drained: Cell::new(false),
        })
    }

    pub(crate) fn poller(&self) -> &Poller {
        &self.poller
    }

    pub(crate) fn live(&self) -> &Live {
        &self.live
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The shared part's place, without a reference to the rest, for threads that may look at nothing else.
    pub(crate) fn shared_ptr(this: *const Self) -> *const Arc<Shared> {
        // Offsets only: nothing is read here.
        this.wrapping_byte_add(std::mem::offset_of!(Self, shared))
            .cast()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.counts
    }

    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    pub(crate) fn phase(&self) -> &Cell<Phase> {
        &self.phase
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        self.phase.get() == Phase::Closed
    }

    pub(crate) fn stop(&self) {
        self.stopping.set(true);
    }

    /// Whether the loop was asked to stop. Asking again gives false.
    pub(crate) fn take_stop(&self) -> bool {
        self.stopping.take() | self.shared.take_stop()
    }

    /// Puts a node into the queue. A closed loop drops it.
    #[inline]
    pub(crate) fn enqueue(&self, node: AnyNode) {
        if !self.drained.get() {
            self.ready.push(node);
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The time since the loop was made.
    pub(crate) fn elapsed(&self) -> Nanos {
        nanos(self.clock.now().saturating_duration_since(self.epoch))
    }

    /// Looks at the clock for what is suspended from now on. Done where the loop looks at the clock anyway, where it has waited, and every so many turns: those
    /// between take little time, and a look at the clock in each would cost a short one a good part of its time.
    pub(crate) fn tick(&self) -> Nanos {
        let now = self.elapsed();
        stamp::set(stamp::at(now));
        now
    }

    /// The timer's deadline that is `delay` from now.
    pub(crate) fn deadline_in(&self, delay: Duration) -> Nanos {
        self.elapsed().saturating_add(nanos(delay))
    }

    /// The timer's deadline at `when`; one that has passed is due now, behind those that are.
    pub(crate) fn deadline_at(&self, when: Instant) -> Nanos {
        nanos(when.saturating_duration_since(self.epoch)).max(self.elapsed())
    }

    /// Adds a timer. A closed loop drops its target, and the timer never fires.
    pub(crate) fn add_timer(&self, deadline: Nanos, target: Option<AnyNode>) -> TimerKey {
        if !self.is_closed() {
            return self.timers.borrow_mut().add(deadline, target);
        }
        match target {
            Some(_) => TimerKey::DEAD,
            None => self.timers.borrow_mut().add(Nanos::MAX, None),
        }
    }

    pub(crate) fn remove_timer(&self, key: TimerKey) {
        let target = self.timers.borrow_mut().remove(key);
        drop(target);
    }

    pub(crate) fn jobs(&self) -> &Cell<usize> {
        &self.jobs
    }

    pub(crate) fn executor(&self) -> Rc<dyn Executor> {
        Rc::clone(&self.executor.borrow())
    }

    pub(crate) fn set_executor(&self, executor: Rc<dyn Executor>) {
        let before = self.executor.replace(executor);
        drop(before);
    }

    pub(crate) fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    pub(crate) fn belongings(&self) -> &Belongings {
        &self.belongings
    }

    /// Asks for the loop's end. Whoever runs it looks at what has changed.
    pub(crate) fn request_shutdown(&self) {
        self.shutdown.request();
        self.interrupt();
    }

    /// Whether no coroutine is alive and nothing is queued.
    pub(crate) fn is_quiet(&self) -> bool {
        self.live.is_empty() && self.ready.is_empty() && !self.shared.is_pending()
    }

    pub(crate) fn timers(&self) -> &RefCell<Timers> {
        &self.timers
    }

    /// When the next timer is due, on the loop's clock.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let deadline = self.timers.borrow_mut().next_deadline()?;
        self.epoch.checked_add(Duration::from_nanos(deadline))
    }

    /// One turn: the callbacks that were queued before it, the timers that were due at its beginning, then I/O, whose handlers run next turn.
    ///
    /// It waits for I/O for as long as there is nothing to do, but no longer than `limit`.
    pub(crate) fn turn(self: &Rc<Self>, limit: Limit) -> io::Result<Turn> {
        let notified = self.receive();
        self.counts.add_turn();
        let pass = self.begin_pass(limit);
        self.run_ready();
        if let Some(pass) = pass {
            self.run_due(pass);
        }
        here::run_ending();
        match self.wait(limit) {
            // The kernel has nothing to say where nothing is watched, unless the notification of another thread is to be taken from it.
            Wait::Not if self.poller.is_idle() && !notified => {}
            Wait::Not => self.poller.poll(Some(Duration::ZERO))?,
            Wait::For(time) => self.poll_for(time, limit)?,
            Wait::Outside(time) => {
                self.poller.poll(time)?;
                self.tick();
            }
            Wait::Never if notified => self.poller.poll(Some(Duration::ZERO))?,
            Wait::Never => return Ok(Turn::NothingLeft),
        }
        Ok(Turn::Done)
    }

    /// Looks at the clock, if there are timers. Those that are due after `limit` are left out.
    fn begin_pass(&self, limit: Limit) -> Option<Pass> {
        if self.timers.borrow().is_empty() {
            if self.counts.turns.get().is_multiple_of(UNTIMED_TURNS) {
                self.tick();
            }
            return None;
        }
        // Before the borrow: the clock may be a user's.
        let mut now = self.tick();
        if let Limit::Clock(end) = limit {
            now = now.min(nanos(end.saturating_duration_since(self.epoch)));
        }
        Some(self.timers.borrow().begin_pass(now))
    }

    /// Waits for I/O for `time`. A virtual clock skips it, once the kernel has nothing to report and there is no job.
    fn poll_for(&self, time: Duration, limit: Limit) -> io::Result<()> {
        if !self.clock.is_virtual() {
            return self.poller.poll(Some(time));
        }
        if self.jobs.get() != 0 {
            return self.poller.poll(limit.real_time_left());
        }
        self.poller.poll(Some(Duration::ZERO))?;
        if self.ready.is_empty() && !self.shared.is_pending() {
            self.clock.advance(time);
        }
        Ok(())
    }

    /// Takes in what other threads have sent, and says whether they have notified the loop.
    fn receive(self: &Rc<Self>) -> bool {
        let Some(messages) = self.shared.receive() else {
            return false;
        };
        for message in messages {
            match message {
                Message::Wake(remote) => remote.receive(),
                Message::Call(function, added_at) => {
                    self.enqueue(Callback::node(Rc::clone(self), added_at, function));
                }
                Message::Shutdown => self.request_shutdown(),
            }
        }
        true
    }

    /// Runs what the queue holds now; what is added meanwhile waits for the next turn.
    fn run_ready(&self) {
        let mut batch = self.ready.take();
        self.counts.add_callbacks(batch.len());
        self.batch.set(batch.len());
        if self.watch.measures() {
            batch.drain(..).for_each(|node| self.watch.run(&node));
        } else {
            batch.drain(..).for_each(|node| node.run());
        }
        self.ready.give_back(batch);
    }

    fn run_due(self: &Rc<Self>, pass: Pass) {
        let mut lag = 0;
        let mut callbacks = 0;
        loop {
            let due = self.timers.borrow_mut().pop_due(pass);
            let Some((late, target)) = due else { break };
            lag = lag.max(late);
            callbacks += 1;
            if let Some(target) = target {
                self.watch
                    .time(|| Held::of(&target), || task::wake_due(&target, self));
            }
        }
        self.counts.add_callbacks(callbacks);
        self.counts.add_lag(lag, callbacks);
    }

    /// How many nodes the present turn runs from the queue.
    pub(crate) fn batch(&self) -> usize {
        self.batch.get()
    }

    fn wait(&self, limit: Limit) -> Wait {
        let stopping = self.stopping.get() || self.shared.is_stopping();
        if !self.ready.is_empty() || stopping || self.interrupted.take() {
            return Wait::Not;
        }
        let timer = self.time_to_timer();
        if timer.is_none() && !self.shared.is_reachable() && !self.poller.is_awaited() {
            return match self.poller.ask() {
                true => Wait::Not,
                false => Wait::Never,
            };
        }
        let left = match limit {
            Limit::Clock(end) => Some(end.saturating_duration_since(self.now())),
            Limit::Real(_) if timer.is_none() => return Wait::Outside(limit.real_time_left()),
            Limit::Real(_) | Limit::Never => None,
        };
        match (timer, left) {
            (Some(timer), Some(left)) => Wait::For(timer.min(left)),
            (Some(time), None) | (None, Some(time)) => Wait::For(time),
            (None, None) => Wait::Outside(None),
        }
    }

    fn time_to_timer(&self) -> Option<Duration> {
        let deadline = self.timers.borrow_mut().next_look()?;
        let time = deadline.saturating_sub(self.elapsed());
        Some(Duration::from_nanos(time))
    }

    /// Whether the limit is reached.
    pub(crate) fn is_over(&self, limit: Limit) -> bool {
        match limit {
            Limit::Never => false,
            Limit::Clock(end) => self.now() >= end,
            Limit::Real(end) => Instant::now() >= end,
        }
    }

    /// Has the turn return without waiting, so that whoever runs the loop can look at what has changed.
    pub(crate) fn interrupt(&self) {
        self.interrupted.set(true);
    }

    /// Ends everything: coroutines are dropped at their yield points, callbacks and timers in silence.
    pub(crate) fn close(&self) {
        self.phase.set(Phase::Closed);
        let messages = self.shared.close();
        for message in messages {
            log::catching("a callback's destructor", || drop(message));
        }
        self.watch.close();
        self.shutdown.close();
        self.live.cancel_all();
        let targets = self.timers.borrow_mut().disarm();
        drop(targets);
        let (handlers, waiters) = self.poller.clear();
        for handler in handlers {
            drop_handler(&handler);
        }
        drop(waiters);
        self.belongings.drop_all();
        // It may hold the loop. No job begins any more.
        log::catching("an executor's destructor", || {
            self.set_executor(Rc::new(BlockingPool));
        });
        // What is dropped may queue more, which is dropped in its turn and not inside of the other.
        while !self.ready.is_empty() {
            drop(self.ready.take());
        }
        self.drained.set(true);
    }
}

/// Interrupts the loop when what it waits for is done.
pub(crate) struct Interrupt(pub(crate) Rc<LoopCore>);

// SAFETY: the kind is `Other`.
unsafe impl Node for Interrupt {
    fn schedule(this: &Local<Self>) {
        this.0.interrupt();
    }

    fn run(this: &Local<Self>) {
        Self::schedule(this);
    }
}

/// Silences a handler that the poller has let go.
pub(crate) fn drop_handler(handler: &Local<Handler>) {
    let function = handler.remove();
    log::catching("a handler's destructor", || drop(function));
}
