#![deny(warnings)]

use std::pin::pin;

use coroutine_core::{self as co, Generator, GeneratorState};

fn texts<'a>(prefix: &'a str) -> impl Iterator<Item = String> + 'a {
    let texts = co::block::generator! { |number: &'a [u32]| {
        for number in number {
            yield format!("{prefix}{number}");
        }
    } };
    texts(&[1, 2]).boxed()
}

/// Its parameters tell the types of the block's generator.
fn sum(adder: Generator<u32, u32, impl Future<Output = ()>>) -> u32 {
    let adder = pin!(adder);
    let (mut adder, _) = adder.start();
    (1..=3)
        .filter_map(|n| adder.send(n).ok()?.yielded())
        .last()
        .unwrap_or_default()
}

pub(crate) fn main() {
    let numbers = vec![3, 4];
    let all = co::block::generator! {
        yield 1;
        if numbers.len() == 2 { yield 2 } else { yield_!(0) }
        for number in numbers { yield number }
        match 5 {
            5 => yield 5,
            _ => {}
        }
        yield 6
    };
    assert_eq!(pin!(all).collect::<Vec<i32>>(), [1, 2, 3, 4, 5, 6]);

    assert_eq!(texts("n").collect::<Vec<_>>(), ["n1", "n2"]);

    let adder = co::block::generator! {
        let mut total = 0;
        loop {
            let next: u32 = yield total;
            total += next;
        }
    };
    assert_eq!(sum(adder), 6);

    let length = co::block::generator! {
        let text: &str = yield_!();
        (yield).len() + text.len()
    };
    let (mut length, first) = length.boxed().start();
    assert_eq!(first, GeneratorState::Yielded(()));
    assert_eq!(length.send("four"), Ok(GeneratorState::Yielded(())));
    assert_eq!(length.send("seventh"), Ok(GeneratorState::Returned(11)));

    let empty =
        co::block::generator! { |(a, b): (u8, u8)| -> u8 { if false { yield 'c'; } a + b } };
    assert_eq!(empty((1, 2)).boxed().start().1, GeneratorState::Returned(3));
}
