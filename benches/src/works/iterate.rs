//! A generator as an iterator, in a `for` loop: what an item costs.

use std::hint::black_box;
use std::iter;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use corosensei::Coroutine;
use coroutine_core as co;
use futures_lite::Stream;
use genawaiter::stack::{Co, let_gen_using};

use super::native;
use crate::measure::cpu_ns_per_call;
use crate::work::{Contest, Contestant, GENERATORS, Goal, Scale, Unavailable, Work};

pub const WORK: Work = Work {
    name: "iterate",
    what: "generator: for loop, 100,000,000 items",
    unit: "ns/item",
    columns: GENERATORS,
    goal: Goal::Open,
    remark: None,
    contest: Contest::Measured(&[
        (Contestant::Ours, ours),
        (Contestant::Native, native::iterate),
        (Contestant::Genawaiter, genawaiter),
        (Contestant::Fauxgen, fauxgen),
        (Contestant::AsyncStream, async_stream),
        (Contestant::Corosensei, corosensei),
        (Contestant::ByHand, by_hand),
    ]),
};

const ITEMS: usize = 100_000_000;

fn ours(scale: Scale) -> Result<f64, Unavailable> {
    #[co::generator(yield = u64)]
    fn items(count: u64) {
        let mut item = 0;
        for n in 0..count {
            item = mix(item, n);
            yield_!(item);
        }
    }
    measured(scale, |count| sum(pin!(items(count))))
}

fn genawaiter(scale: Scale) -> Result<f64, Unavailable> {
    async fn items(count: u64, co: Co<'_, u64>) {
        let mut item = 0;
        for n in 0..count {
            item = mix(item, n);
            co.yield_(item).await;
        }
    }
    measured(scale, |count| {
        let_gen_using!(items, |co| items(count, co));
        sum(items)
    })
}

fn fauxgen(scale: Scale) -> Result<f64, Unavailable> {
    #[fauxgen::generator(yield = u64)]
    fn items(count: u64) {
        let mut item = 0;
        for n in 0..count {
            item = mix(item, n);
            r#yield!(item);
        }
    }
    measured(scale, |count| sum(pin!(items(count))))
}

/// A stream, whose items are always ready.
fn async_stream(scale: Scale) -> Result<f64, Unavailable> {
    fn items(count: u64) -> impl Stream<Item = u64> {
        async_stream::stream! {
            let mut item = 0;
            for n in 0..count {
                item = mix(item, n);
                yield item;
            }
        }
    }
    measured(scale, |count| {
        let mut items = pin!(items(count));
        let mut cx = Context::from_waker(Waker::noop());
        sum(iter::from_fn(|| match items.as_mut().poll_next(&mut cx) {
            Poll::Ready(item) => item,
            Poll::Pending => unreachable!("it waits for nothing"),
        }))
    })
}

fn corosensei(scale: Scale) -> Result<f64, Unavailable> {
    measured(scale, |count| {
        let mut items = Coroutine::new(move |yielder, ()| {
            let mut item = 0;
            for n in 0..count {
                item = mix(item, n);
                yielder.suspend(item);
            }
        });
        sum(iter::from_fn(|| items.resume(()).as_yield()))
    })
}

fn by_hand(scale: Scale) -> Result<f64, Unavailable> {
    struct Items {
        item: u64,
        n: u64,
        count: u64,
    }
    impl Iterator for Items {
        type Item = u64;

        #[inline]
        fn next(&mut self) -> Option<u64> {
            if self.n == self.count {
                return None;
            }
            self.item = mix(self.item, self.n);
            self.n += 1;
            Some(self.item)
        }
    }
    measured(scale, |count| {
        let (item, n) = (0, 0);
        sum(Items { item, n, count })
    })
}

/// The item after this one: as cheap as can be with no shorter way to the last one, or to their sum.
#[inline]
pub fn mix(item: u64, n: u64) -> u64 {
    item.rotate_left(5) ^ n
}

#[inline]
pub fn sum(items: impl IntoIterator<Item = u64>) -> u64 {
    let mut sum = 0_u64;
    for item in items {
        sum = sum.wrapping_add(item);
    }
    sum
}

/// The cost of an item. `sum` is told how many to make.
pub fn measured(scale: Scale, sum: impl Fn(u64) -> u64) -> Result<f64, Unavailable> {
    let items = scale.of(ITEMS);
    Ok(cpu_ns_per_call(items, || {
        black_box(sum(black_box(items as u64)));
    }))
}
