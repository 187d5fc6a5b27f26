//! The compiler's own coroutines, in all works of generators.

use std::hint::black_box;
use std::iter;
use std::ops::{Coroutine, CoroutineState};
use std::pin::Pin;

use super::iterate::{self, mix, sum};
use super::lifecycle::{LIVES, twice};
use super::resume::{RESUMES, send};
use super::running_sum::drive;
use super::tree::{self, Node};
use crate::measure::cpu_ns_per_call;
use crate::work::{Scale, Unavailable};

pub fn resume<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    let resumes = scale.of(RESUMES);
    Ok(cpu_ns_per_call(resumes, || {
        let mut sums = running_sum();
        send_to(&mut sums, 0);
        drive(resumes, |n| send::<INLINED, _>(&mut sums, n, send_to));
    }))
}

pub fn lifecycle(scale: Scale) -> Result<f64, Unavailable> {
    let lives = scale.of(LIVES);
    Ok(cpu_ns_per_call(lives, || {
        drive(lives, |n| {
            let mut sums = running_sum();
            send_to(black_box(&mut sums), 0);
            twice(&mut sums, n, send_to)
        });
    }))
}

fn running_sum() -> impl Coroutine<u64, Yield = u64, Return = ()> + Unpin {
    #[coroutine]
    |_: u64| {
        let mut sum = 0;
        loop {
            sum += yield sum;
        }
    }
}

#[inline(always)]
fn send_to(sums: &mut (impl Coroutine<u64, Yield = u64, Return = ()> + Unpin), number: u64) -> u64 {
    match Pin::new(sums).resume(number) {
        CoroutineState::Yielded(sum) => sum,
        CoroutineState::Complete(()) => unreachable!("it never ends"),
    }
}

pub fn iterate(scale: Scale) -> Result<f64, Unavailable> {
    iterate::measured(scale, |count| {
        sum(values(
            #[coroutine]
            move || {
                let mut item = 0;
                for n in 0..count {
                    item = mix(item, n);
                    yield item;
                }
            },
        ))
    })
}

pub fn tree(scale: Scale) -> Result<f64, Unavailable> {
    type Walk<'a> = Pin<Box<dyn Coroutine<Yield = u64, Return = ()> + 'a>>;

    fn walk(node: &Node) -> Walk<'_> {
        Box::pin(
            #[coroutine]
            move || {
                if let Some(left) = &node.left {
                    for value in values(walk(left)) {
                        yield value;
                    }
                }
                yield node.value;
                if let Some(right) = &node.right {
                    for value in values(walk(right)) {
                        yield value;
                    }
                }
            },
        )
    }
    tree::measured(scale, |root| sum(values(walk(root))))
}

#[inline]
fn values(
    mut coroutine: impl Coroutine<Yield = u64, Return = ()> + Unpin,
) -> impl Iterator<Item = u64> {
    iter::from_fn(move || match Pin::new(&mut coroutine).resume(()) {
        CoroutineState::Yielded(value) => Some(value),
        CoroutineState::Complete(()) => None,
    })
}
