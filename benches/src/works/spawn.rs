//! Trivial tasks that are spawned and awaited: what a task costs from birth to result.

use coroutine_core as co;

use crate::measure::cpu_ns_per_operation;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "spawn",
    what: "spawn + join, batches of 1,000",
    unit: "ns/task",
    columns: RUNTIMES,
    goal: Goal::Best(0.5),
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Tokio, tokio),
        (Contestant::AsyncExecutor, async_executor),
        (Contestant::Monoio, monoio),
        (Contestant::Glommio, glommio),
    ]),
};

const BATCH: usize = 1_000;
const BATCHES: usize = 300;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::ours(cpu_ns_per_operation(batches * BATCH, async move || {
        for _ in 0..batches {
            let coroutines: Vec<_> = (0..BATCH).map(at_once).collect();
            for (n, coroutine) in coroutines.into_iter().enumerate() {
                assert_eq!(coroutine.await, n);
            }
        }
    }))
}

/// Runs to its end in the call that starts it.
#[co::coroutine]
fn at_once(n: usize) -> usize {
    n
}

fn tokio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::tokio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let tasks: Vec<_> = (0..BATCH)
                .map(|n| tokio::task::spawn_local(trivial(n)))
                .collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.expect("it does not panic"), n);
            }
        }
    }))
}

fn async_executor(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::async_executor(|executor| {
        cpu_ns_per_operation(batches * BATCH, async || {
            for _ in 0..batches {
                let tasks: Vec<_> = (0..BATCH).map(|n| executor.spawn(trivial(n))).collect();
                for (n, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.await, n);
                }
            }
        })
    })
}

fn monoio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::monoio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let tasks: Vec<_> = (0..BATCH).map(|n| monoio::spawn(trivial(n))).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await, n);
            }
        }
    }))
}

fn glommio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::glommio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let tasks: Vec<_> = (0..BATCH)
                .map(|n| glommio::spawn_local(trivial(n)))
                .collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await, n);
            }
        }
    }))
}

async fn trivial(n: usize) -> usize {
    n
}
