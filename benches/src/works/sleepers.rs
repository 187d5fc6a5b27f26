//! Many coroutines that sleep for long: what a waiting one takes in memory, task, timer and all.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use coroutine_core as co;
use futures_lite::future::yield_now;

use crate::measure::resident_bytes;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "sleepers",
    what: "memory, 500,000 sleeping coroutines",
    unit: "bytes each",
    columns: RUNTIMES,
    goal: Goal::AtMost(160.0),
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Tokio, tokio),
        (Contestant::AsyncExecutor, async_executor),
        (Contestant::Monoio, monoio),
        (Contestant::Glommio, glommio),
    ]),
};

const SLEEPERS: usize = 500_000;
const HOUR: Duration = Duration::from_secs(3600);

/// Coroutines spawned before they get their turn, so that nobody's ready queue has to hold all of them.
const AT_ONCE: usize = 1_000;

/// Coroutines that have come to their sleep. A static, since a captured counter would be measured with the coroutine.
static ASLEEP: AtomicUsize = AtomicUsize::new(0);

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::ours(bytes_each(scale, || drop(sleeper()), co::moment))
}

#[co::coroutine]
fn sleeper() {
    ASLEEP.fetch_add(1, Relaxed);
    yield_!(co::sleep(HOUR));
}

fn tokio(scale: Scale) -> Result<f64, Unavailable> {
    let sleeper = || sleep_once(|| tokio::time::sleep(HOUR));
    let start = || drop(tokio::task::spawn_local(sleeper()));
    runtimes::tokio(bytes_each(scale, start, yield_now))
}

fn async_executor(scale: Scale) -> Result<f64, Unavailable> {
    let sleeper = || sleep_once(|| async_io::Timer::after(HOUR));
    runtimes::async_executor(|executor| {
        let start = move || executor.spawn(sleeper()).detach();
        bytes_each(scale, start, yield_now)
    })
}

fn monoio(scale: Scale) -> Result<f64, Unavailable> {
    let sleeper = || sleep_once(|| monoio::time::sleep(HOUR));
    let start = || drop(monoio::spawn(sleeper()));
    // The main future would be polled again and again if it yielded, before any task.
    runtimes::monoio(bytes_each(scale, start, || monoio::spawn(async {})))
}

fn glommio(scale: Scale) -> Result<f64, Unavailable> {
    let sleeper = || sleep_once(|| glommio::timer::sleep(HOUR));
    let start = || drop(glommio::spawn_local(sleeper()).detach());
    runtimes::glommio(bytes_each(scale, start, yield_now))
}

/// The closure captures nothing, so it takes no room in the coroutine.
async fn sleep_once<F: Future>(sleep: impl FnOnce() -> F) {
    ASLEEP.fetch_add(1, Relaxed);
    sleep().await;
}

/// Starts the sleepers, lets each of them come to its sleep, and sees what the process has grown by. `turn` gives the
/// others their turn.
async fn bytes_each<T: Future<Output = ()>>(
    scale: Scale,
    start: impl Fn(),
    turn: impl Fn() -> T,
) -> f64 {
    let sleepers = scale.of(SLEEPERS);
    let before = resident_bytes();
    for started in 1..=sleepers {
        start();
        if started % AT_ONCE == 0 || started == sleepers {
            while ASLEEP.load(Relaxed) < started {
                turn().await;
            }
        }
    }
    (resident_bytes() - before) / sleepers as f64
}
