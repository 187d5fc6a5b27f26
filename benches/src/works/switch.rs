//! Many coroutines that do nothing but let the others run: the cost of one switch.

use coroutine_core as co;
use futures_lite::future::yield_now;

use crate::measure::cpu_ns_per_operation;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "switch",
    what: "1,000 coroutines x 1,000 yields",
    unit: "ns/switch",
    columns: RUNTIMES,
    goal: Goal::Best(0.25),
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Tokio, tokio),
        (Contestant::AsyncExecutor, async_executor),
        (Contestant::Monoio, monoio),
        (Contestant::Glommio, glommio),
    ]),
};

const COROUTINES: usize = 1_000;
const YIELDS: usize = 1_000;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    let yields = scale.of(YIELDS);
    runtimes::ours(cpu_ns_per_operation(COROUTINES * yields, async move || {
        for coroutine in repeat(|| moments(yields)) {
            coroutine.await;
        }
    }))
}

#[co::coroutine]
fn moments(yields: usize) {
    for _ in 0..yields {
        yield_!(co::moment());
    }
}

fn tokio(scale: Scale) -> Result<f64, Unavailable> {
    let yields = scale.of(YIELDS);
    runtimes::tokio(cpu_ns_per_operation(COROUTINES * yields, async || {
        let coroutine = || tokio::task::spawn_local(yield_times(yields));
        for task in repeat(coroutine) {
            task.await.expect("it does not panic");
        }
    }))
}

fn async_executor(scale: Scale) -> Result<f64, Unavailable> {
    let yields = scale.of(YIELDS);
    runtimes::async_executor(|executor| {
        cpu_ns_per_operation(COROUTINES * yields, async || {
            for task in repeat(|| executor.spawn(yield_times(yields))) {
                task.await;
            }
        })
    })
}

fn monoio(scale: Scale) -> Result<f64, Unavailable> {
    let yields = scale.of(YIELDS);
    runtimes::monoio(cpu_ns_per_operation(COROUTINES * yields, async || {
        for task in repeat(|| monoio::spawn(yield_times(yields))) {
            task.await;
        }
    }))
}

fn glommio(scale: Scale) -> Result<f64, Unavailable> {
    let yields = scale.of(YIELDS);
    runtimes::glommio(cpu_ns_per_operation(COROUTINES * yields, async || {
        for task in repeat(|| glommio::spawn_local(yield_times(yields))) {
            task.await;
        }
    }))
}

async fn yield_times(yields: usize) {
    for _ in 0..yields {
        yield_now().await;
    }
}

/// Starts all coroutines before the first is awaited.
fn repeat<T>(start: impl FnMut() -> T) -> Vec<T> {
    std::iter::repeat_with(start).take(COROUTINES).collect()
}
