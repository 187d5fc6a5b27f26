//! Many sleeps of different lengths at once: what setting a timer and being woken by it costs.

use std::time::Duration;

use coroutine_core as co;

use crate::measure::process_cpu_ns;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "timers",
    what: "200,000 sleeps of 0 to 1,000 ms at once",
    unit: "CPU ns/timer",
    columns: RUNTIMES,
    goal: Goal::Best(0.3),
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Tokio, tokio),
        (Contestant::AsyncExecutor, async_executor),
        (Contestant::Monoio, monoio),
        (Contestant::Glommio, glommio),
    ]),
};

const SLEEPS: usize = 200_000;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::ours(async move {
        let clock = Clock::start(scale);
        let coroutines: Vec<_> = clock.durations().map(sleep_for).collect();
        for coroutine in coroutines {
            coroutine.await;
        }
        clock.cpu_ns_per_sleep()
    })
}

#[co::coroutine]
fn sleep_for(duration: Duration) {
    yield_!(co::sleep(duration));
}

fn tokio(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::tokio(async {
        let clock = Clock::start(scale);
        let tasks: Vec<_> = clock
            .durations()
            .map(|duration| tokio::task::spawn_local(tokio::time::sleep(duration)))
            .collect();
        for task in tasks {
            task.await.expect("it does not panic");
        }
        clock.cpu_ns_per_sleep()
    })
}

fn async_executor(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::async_executor(|executor| async move {
        let clock = Clock::start(scale);
        let tasks: Vec<_> = clock
            .durations()
            .map(|duration| executor.spawn(async_io::Timer::after(duration)))
            .collect();
        for task in tasks {
            task.await;
        }
        clock.cpu_ns_per_sleep()
    })
}

fn monoio(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::monoio(async {
        let clock = Clock::start(scale);
        let tasks: Vec<_> = clock
            .durations()
            .map(|duration| monoio::spawn(monoio::time::sleep(duration)))
            .collect();
        for task in tasks {
            task.await;
        }
        clock.cpu_ns_per_sleep()
    })
}

fn glommio(scale: Scale) -> Result<f64, Unavailable> {
    runtimes::glommio(async {
        let clock = Clock::start(scale);
        let tasks: Vec<_> = clock
            .durations()
            .map(|duration| glommio::spawn_local(glommio::timer::sleep(duration)))
            .collect();
        for task in tasks {
            task.await;
        }
        clock.cpu_ns_per_sleep()
    })
}

/// How many sleeps there are, and when they began.
struct Clock {
    sleeps: usize,
    begin_cpu_ns: f64,
}

impl Clock {
    fn start(scale: Scale) -> Self {
        Self {
            sleeps: scale.of(SLEEPS),
            begin_cpu_ns: process_cpu_ns(),
        }
    }

    /// The same mixed durations of 0 to 1,000 ms for everybody, in microseconds' steps.
    fn durations(&self) -> impl Iterator<Item = Duration> {
        let mut state: u32 = 1;
        let mut next = move || {
            // A linear congruence (Numerical Recipes); its high bits are the good ones.
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            Duration::from_micros((u64::from(state >> 8) * 1_000_000) >> 24)
        };
        (0..self.sleeps).map(move |_| next())
    }

    fn cpu_ns_per_sleep(&self) -> f64 {
        (process_cpu_ns() - self.begin_cpu_ns) / self.sleeps as f64
    }
}
