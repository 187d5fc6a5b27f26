//! One work, by 100 coroutines, so many times each: `bookkeeping WORK TIMES`. See `bookkeeping.sh`.

use coroutine_core::{self as co, IoLoop};

const COROUTINES: usize = 100;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(work), Some(times)) = (arguments.next(), arguments.next()) else {
        panic!("usage: bookkeeping WORK TIMES");
    };
    let times = times.parse().expect("a number of times");
    let io_loop = IoLoop::current();
    let done = match &*work {
        "switch" => io_loop.run_sync(move || all(times, moments)),
        "lazy" => io_loop.run_sync(move || all(times, around)),
        "spawn" => io_loop.run_sync(move || spawns(times)),
        _ => panic!("the works are switch, lazy, spawn"),
    };
    done.expect("nothing is in the way");
}

#[co::coroutine]
fn all(times: usize, start: fn(usize) -> co::Future<()>) {
    let coroutines: Vec<_> = (0..COROUTINES).map(|_| start(times)).collect();
    for coroutine in coroutines {
        yield_!(coroutine);
    }
}

#[co::coroutine]
fn moments(times: usize) {
    for _ in 0..times {
        yield_!(co::moment());
    }
}

#[co::coroutine(lazy)]
fn part(times: usize) {
    for _ in 0..times {
        yield_!(co::moment());
    }
}

#[co::coroutine]
fn around(times: usize) {
    yield_!(part(times));
}

#[co::coroutine]
fn spawns(times: usize) {
    for _ in 0..times {
        let coroutines: Vec<_> = (0..COROUTINES).map(at_once).collect();
        for coroutine in coroutines {
            yield_!(coroutine);
        }
    }
}

/// Runs to its end in the call that starts it.
#[co::coroutine]
fn at_once(n: usize) -> usize {
    n
}
