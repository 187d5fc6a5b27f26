//! Blocking work, on threads that may block. Tornado's `run_in_executor`.

use std::panic::Location;
use std::rc::Rc;

use crate::coroutine::Descriptor;
use crate::future::Future;
use crate::io_loop::IoLoop;
use crate::job::Job;
use crate::task;

/// A piece of work for an [`Executor`].
pub type BoxedJob = Box<dyn FnOnce() + Send>;

/// Runs jobs on threads other than the loop's. Concurrent.futures' `Executor`, as Tornado uses it.
///
/// A closure that takes a job is one, so a pool of another crate needs no more than `move |job| pool.spawn(job)`.
///
/// A job does not unwind. One that is dropped without being run is a panic for whoever waits for it.
pub trait Executor: 'static {
    /// Sees to it that `job` is run, and does not wait for it.
    fn execute(&self, job: BoxedJob);
}

impl<F: Fn(BoxedJob) + 'static> Executor for F {
    fn execute(&self, job: BoxedJob) {
        self(job);
    }
}

/// The executor of loops that were given no other: one pool of threads for the whole process, which grows with the jobs and shrinks when there are none.
///
/// Up to 500 jobs run at once, or as many as the environment variable `BLOCKING_MAX_THREADS` says; the others wait for their turn. A process that ends
/// does not wait for them.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlockingPool;

impl Executor for BlockingPool {
    fn execute(&self, job: BoxedJob) {
        blocking::unblock(job).detach();
    }
}

/// Blocking work.
impl IoLoop {
    /// Runs `work` on a thread of the loop's [executor](Self::set_default_executor); its result arrives on the loop. Tornado's `run_in_executor`.
    ///
    /// For what blocks: files, computations, libraries that know of no loop. A panic of the work is one of the future, an [`Outcome`](crate::Outcome)
    /// if that is asked for. The loop does not end while there is work, and a virtual clock stands still.
    ///
    /// The work begins without the values of [`ContextVar`](crate::ContextVar)s: they stay on their thread.
    ///
    /// Dropping the future detaches the work. [Cancelling](Future::cancel) it, or closing the loop, keeps work from beginning; work that has begun goes on, and
    /// its result is dropped on its own thread.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop};
    ///
    /// #[co::coroutine]
    /// fn sum() -> u64 {
    ///     yield_!(IoLoop::current().run_in_executor(|| (1..=1000).sum()))
    /// }
    ///
    /// assert_eq!(IoLoop::current().run_sync(sum)?, 500_500);
    /// # Ok::<(), co::LoopError>(())
    /// ```
    #[track_caller]
    pub fn run_in_executor<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Future<T> {
        let executor = self.core().executor();
        self.run_in(&*executor, work)
    }

    /// As [`run_in_executor`](Self::run_in_executor), on a thread of `executor`.
    ///
    /// ```
    /// use coroutine_core::{BoxedJob, IoLoop};
    ///
    /// let new_thread = |job: BoxedJob| drop(std::thread::spawn(job));
    /// let io_loop = IoLoop::current();
    /// let future = io_loop.run_in(&new_thread, || std::thread::current().id());
    /// assert_ne!(io_loop.run_sync(|| future)?, std::thread::current().id());
    /// # Ok::<(), coroutine_core::LoopError>(())
    /// ```
    #[track_caller]
    pub fn run_in<T: Send + 'static>(
        &self,
        executor: &dyn Executor,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Future<T> {
        let place = Location::caller();
        let describe = move || Descriptor::made_at("job", place);
        let job = Job::start(Rc::clone(self.core()), executor, work);
        task::start_on(Rc::clone(self.core()), describe, job, 0)
    }

    /// Gives the loop another executor than the [`BlockingPool`], for [`run_in_executor`](Self::run_in_executor) and for looking up names. It is dropped when it is
    /// replaced, and when the loop is closed.
    pub fn set_default_executor(&self, executor: impl Executor) {
        self.core().set_executor(Rc::new(executor));
    }
}
