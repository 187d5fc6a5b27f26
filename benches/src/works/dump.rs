//! A dump of many coroutines, each of which waits for another that sleeps.

use std::hint::black_box;
use std::time::Duration;

use coroutine_core::{self as co, IoLoop};

use crate::measure::cpu_ns_per_operation;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "dump",
    what: "dump of 100,000 coroutines",
    unit: "ms",
    columns: RUNTIMES,
    goal: Goal::AtMost(100.0),
    remark: None,
    contest: Contest::Measured(&[(Contestant::Ours, ours)]),
};

const COROUTINES: usize = 100_000;
const HOUR: Duration = Duration::from_secs(3600);

/// The figure is for as many coroutines as the name says, also where the scale makes fewer.
fn ours(scale: Scale) -> Result<f64, Unavailable> {
    let count = scale.of(COROUTINES);
    let nanoseconds = runtimes::ours(async move {
        let waiting: Vec<_> = (0..count / 2).map(|_| waits()).collect();
        let each = cpu_ns_per_operation(count, async || {
            black_box(IoLoop::current().dump());
        })
        .await;
        drop(waiting);
        each
    })?;
    Ok(nanoseconds * COROUTINES as f64 / 1e6)
}

#[co::coroutine]
fn waits() {
    yield_!(sleeps());
}

#[co::coroutine]
fn sleeps() {
    yield_!(co::sleep(HOUR));
}
