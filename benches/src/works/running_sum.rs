//! A generator that takes numbers and yields the sum of all so far: what the works that resume with an argument share.
//!
//! It yields a first time before it has taken anything, and never ends.

use std::hint::black_box;
use std::pin::Pin;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult};
use coroutine_core as co;
use genawaiter::stack::{Co, Gen};

#[co::generator(yield = u64, resume = u64)]
pub fn ours() {
    let mut sum = 0;
    loop {
        sum += yield_!(sum);
    }
}

#[inline(always)]
pub fn send_ours(
    sums: &mut co::Started<impl co::Home<Yield = u64, Argument = u64, Return = ()>>,
    number: u64,
) -> u64 {
    match sums.send(number) {
        Ok(co::GeneratorState::Yielded(sum)) => sum,
        _ => unreachable!("it never ends"),
    }
}

pub async fn genawaiter(co: Co<'_, u64, u64>) {
    let mut sum = 0;
    loop {
        sum += co.yield_(sum).await;
    }
}

#[inline(always)]
pub fn send_genawaiter(sums: &mut Gen<'_, u64, u64, impl Future<Output = ()>>, number: u64) -> u64 {
    match sums.resume_with(number) {
        genawaiter::GeneratorState::Yielded(sum) => sum,
        genawaiter::GeneratorState::Complete(()) => unreachable!("it never ends"),
    }
}

#[fauxgen::generator(yield = u64, arg = u64)]
pub fn fauxgen() {
    let mut sum = 0;
    loop {
        sum += r#yield!(sum);
    }
}

#[inline(always)]
pub fn send_fauxgen(
    sums: &mut (impl fauxgen::Generator<u64, Yield = u64, Return = ()> + Unpin),
    number: u64,
) -> u64 {
    match Pin::new(sums).resume(number) {
        fauxgen::GeneratorState::Yielded(sum) => sum,
        fauxgen::GeneratorState::Complete(()) => unreachable!("it never ends"),
    }
}

pub fn corosensei(stack: DefaultStack) -> Coroutine<u64, u64, ()> {
    Coroutine::with_stack(stack, |yielder, _| {
        let mut sum = 0;
        loop {
            sum += yielder.suspend(sum);
        }
    })
}

#[inline(always)]
pub fn send_corosensei(sums: &mut Coroutine<u64, u64, ()>, number: u64) -> u64 {
    match sums.resume(number) {
        CoroutineResult::Yield(sum) => sum,
        CoroutineResult::Return(()) => unreachable!("it never ends"),
    }
}

/// Calls with numbers that the compiler does not know, and uses what it gets.
#[inline]
pub fn drive(times: usize, mut send: impl FnMut(u64) -> u64) {
    let mut total = 0_u64;
    for number in 0..times as u64 {
        total = total.wrapping_add(send(black_box(number)));
    }
    black_box(total);
}
