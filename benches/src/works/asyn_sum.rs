//! A promise, a job on the loop that sets it, and the coroutine that awaits it: one round trip through the loop.

use coroutine_core::{self as co, IoLoop};

use crate::measure::cpu_ns_per_operation;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "asyn_sum",
    what: "promise, callback, await, 1,000 at once",
    unit: "ns/call",
    columns: RUNTIMES,
    goal: Goal::Best(0.35),
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
const BATCHES: usize = 100;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::ours(cpu_ns_per_operation(batches * BATCH, async move || {
        for _ in 0..batches {
            let coroutines: Vec<_> = (0..BATCH).map(|n| asyn_sum(n, 1)).collect();
            for (n, coroutine) in coroutines.into_iter().enumerate() {
                assert_eq!(coroutine.await, n + 1);
            }
        }
    }))
}

#[co::coroutine]
fn asyn_sum(a: usize, b: usize) -> usize {
    let (promise, future) = co::promise();
    IoLoop::current().add_callback(move || promise.set_result(a + b));
    yield_!(future)
}

fn tokio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::tokio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let start = |n| tokio::task::spawn_local(tokio_sum(n, 1));
            let tasks: Vec<_> = (0..BATCH).map(start).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await.expect("it does not panic"), n + 1);
            }
        }
    }))
}

async fn tokio_sum(a: usize, b: usize) -> usize {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    tokio::task::spawn_local(async move { sender.send(a + b).expect("the receiver waits") });
    receiver.await.expect("the sender sends")
}

fn async_executor(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::async_executor(|executor| {
        cpu_ns_per_operation(batches * BATCH, async || {
            for _ in 0..batches {
                let sum = |n| {
                    executor.spawn(local_sum(n, 1, |sender, sum| {
                        executor.spawn(set(sender, sum)).detach()
                    }))
                };
                let tasks: Vec<_> = (0..BATCH).map(sum).collect();
                for (n, task) in tasks.into_iter().enumerate() {
                    assert_eq!(task.await, n + 1);
                }
            }
        })
    })
}

fn monoio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::monoio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let sum = |n| {
                monoio::spawn(local_sum(n, 1, |sender, sum| {
                    drop(monoio::spawn(set(sender, sum)))
                }))
            };
            let tasks: Vec<_> = (0..BATCH).map(sum).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await, n + 1);
            }
        }
    }))
}

fn glommio(scale: Scale) -> Result<f64, Unavailable> {
    let batches = scale.of(BATCHES);
    runtimes::glommio(cpu_ns_per_operation(batches * BATCH, async || {
        for _ in 0..batches {
            let call_set = |sender, sum| drop(glommio::spawn_local(set(sender, sum)).detach());
            let sum = |n| glommio::spawn_local(local_sum(n, 1, call_set));
            let tasks: Vec<_> = (0..BATCH).map(sum).collect();
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(task.await, n + 1);
            }
        }
    }))
}

/// The call on runtimes that have no channel of their own, with the fastest there is. `call_set` spawns
/// [`set`].
async fn local_sum(
    a: usize,
    b: usize,
    call_set: impl FnOnce(oneshot::Sender<usize>, usize),
) -> usize {
    let (sender, receiver) = oneshot::async_channel();
    call_set(sender, a + b);
    receiver.await.expect("the sender sends")
}

async fn set(sender: oneshot::Sender<usize>, sum: usize) {
    sender.send(sum).expect("the receiver waits");
}
