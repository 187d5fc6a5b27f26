//! A generator's whole life: it is made, resumed three times, and dropped where it is suspended.
//!
//! The compiler is kept from seeing that it has only two numbers to add: each resumption is of a generator that could be
//! anywhere, and be suspended anywhere.

use std::hint::black_box;
use std::pin::pin;

use corosensei::stack::DefaultStack;
use genawaiter::stack::let_gen_using;

use super::native;
use super::running_sum::{self, drive};
use crate::measure::cpu_ns_per_call;
use crate::work::{Contest, Contestant, GENERATORS, Goal, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "lifecycle",
    what: "generator: create, 3 resumes, drop",
    unit: "ns/generator",
    columns: GENERATORS,
    goal: Goal::Open,
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Native, native::lifecycle),
        (Contestant::Genawaiter, genawaiter),
        (Contestant::Fauxgen, fauxgen),
        (Contestant::Corosensei, corosensei),
    ]),
};

pub const LIVES: usize = 50_000_000;

/// A life of a stack of its own takes that much longer: it ends with an unwinding.
const FEWER: usize = 1_000;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    let lives = scale.of(LIVES);
    Ok(cpu_ns_per_call(lives, || {
        drive(lives, |n| {
            let sums = pin!(running_sum::ours());
            let (mut sums, _) = black_box(sums).start();
            twice(&mut sums, n, running_sum::send_ours)
        });
    }))
}

fn genawaiter(scale: Scale) -> Result<f64, Unavailable> {
    let lives = scale.of(LIVES);
    Ok(cpu_ns_per_call(lives, || {
        drive(lives, |n| {
            let_gen_using!(sums, running_sum::genawaiter);
            running_sum::send_genawaiter(black_box(sums), 0);
            twice(sums, n, running_sum::send_genawaiter)
        });
    }))
}

fn fauxgen(scale: Scale) -> Result<f64, Unavailable> {
    let lives = scale.of(LIVES);
    Ok(cpu_ns_per_call(lives, || {
        drive(lives, |n| {
            let mut sums = pin!(running_sum::fauxgen());
            running_sum::send_fauxgen(black_box(&mut sums), 0);
            twice(&mut sums, n, running_sum::send_fauxgen)
        });
    }))
}

/// All on one stack, which is mapped beforehand.
fn corosensei(scale: Scale) -> Result<f64, Unavailable> {
    let lives = scale.of(LIVES / FEWER);
    let mut stack = Some(DefaultStack::default());
    Ok(cpu_ns_per_call(lives, || {
        drive(lives, |n| {
            let mut sums = running_sum::corosensei(stack.take().expect("it was put back"));
            running_sum::send_corosensei(black_box(&mut sums), 0);
            let sum = twice(&mut sums, n, running_sum::send_corosensei);
            sums.force_unwind();
            stack = Some(sums.into_stack());
            sum
        });
    }))
}

/// The second and the third resumption.
#[inline(always)]
pub fn twice<G>(generator: &mut G, number: u64, send: impl Fn(&mut G, u64) -> u64) -> u64 {
    send(black_box(&mut *generator), number);
    send(black_box(generator), number)
}
