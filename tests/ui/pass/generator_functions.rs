#![deny(warnings, unused_qualifications)]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Display;
use std::num::ParseIntError;
use std::pin::pin;

use coroutine_core::{self as co, GeneratorState};

/// Gives out the words of a text.
#[co::generator(yield = &str)]
fn words(text: &str) -> usize {
    let mut count = 0;
    for word in text.split(' ') {
        yield_!(word);
        count += 1;
    }
    count
}

#[co::generator(yield = &'a mut T)]
fn each<'a, T>(values: &'a mut [T]) {
    for value in values {
        yield_!(value);
    }
}

#[co::generator(yield = impl Display)]
fn shown<T: Display, const N: usize>(values: [T; N], suffix: impl Display) {
    for value in values {
        yield_!(format!("{value}{suffix}"));
    }
}

#[co::generator(yield = BTreeMap<u32, Vec<T>>, resume = (u32, T))]
fn index<T>() -> Infallible
where
    T: Clone,
{
    let mut index = BTreeMap::<u32, Vec<T>>::new();
    loop {
        let (key, value) = yield_!(index.clone());
        index.entry(key).or_default().push(value);
    }
}

#[co::generator(yield = u32)]
fn parsed(text: &str) -> Result<(), ParseIntError> {
    for word in text.split(' ') {
        yield_!(word.parse()?);
    }
    Ok(())
}

#[co::generator(yield = (usize, usize))]
fn pairs(to: usize) {
    'outer: for a in 0.. {
        for b in 0..=a {
            if a == to {
                break 'outer;
            }
            if b == 1 {
                continue 'outer;
            }
            yield_!((a, b));
        }
    }
}

#[co::generator(yield = (), resume = u32)]
fn among_arguments() -> String {
    let text = format!("{} {}", yield_!(), yield_!(()));
    assert_eq!(yield_!() + 1, 4);
    yield_! { () }
    text
}

#[co::generator(yield = u32)]
unsafe fn counted(counter: *const Cell<u32>) {
    // SAFETY: the caller's.
    let counter = unsafe { &*counter };
    while counter.get() < 3 {
        yield_!(counter.get());
        #[allow(unused_must_use)]
        yield_!(counter.replace(counter.get() + 1));
    }
}

#[co::generator(yield = u8, name = "nothing at all")]
fn nothing(_: u8, _unused: u8, #[cfg(any())] missing: Missing, #[cfg(all())] there: u8) -> u8 {
    there
}

#[co::generator(yield = u32)]
fn ruler(n: u32) {
    if n > 0 {
        for mark in ruler(n - 1).boxed() {
            yield_!(mark);
        }
        yield_!(n);
        for mark in ruler(n - 1).boxed() {
            yield_!(mark);
        }
    }
}

#[co::generator(yield = u32)]
fn nested((from, to): (u32, u32)) {
    #[co::generator(yield = u32)]
    fn inner(to: u32) {
        for n in 0..to {
            yield_!(n);
        }
    }
    let doubled = co::block::generator! { |n: u32| { yield n; yield n } };
    for n in pin!(inner(to)).skip(from as usize) {
        for n in pin!(doubled(n)) {
            yield_!(n);
        }
    }
}

pub(crate) fn main() {
    let found = pin!(words("one two"));
    let (mut found, first) = found.start();
    assert_eq!(first, GeneratorState::Yielded("one"));
    assert_eq!(found.next(), Some("two"));
    assert_eq!(found.send(()), Ok(GeneratorState::Returned(2)));

    let mut values = ["a".to_owned(), "b".to_owned()];
    pin!(each(&mut values)).for_each(|value| value.push('!'));
    let texts: Vec<_> = pin!(shown(values, '?'))
        .map(|text| text.to_string())
        .collect();
    assert_eq!(texts, ["a!?", "b!?"]);

    let (mut index, _) = index().boxed().start();
    assert!(index.send((1, 'x')).is_ok());
    let state = index.send((1, 'y')).unwrap();
    assert_eq!(
        state.yielded().unwrap(),
        BTreeMap::from([(1, vec!['x', 'y'])])
    );

    assert_eq!(pin!(parsed("1 2 x")).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(pin!(pairs(3)).collect::<Vec<_>>(), [(0, 0), (1, 0), (2, 0)]);

    let (mut sent, _) = among_arguments().boxed().start();
    for n in 1..=3 {
        assert_eq!(sent.send(n), Ok(GeneratorState::Yielded(())));
    }
    assert_eq!(sent.send(4), Ok(GeneratorState::Returned("1 2".to_owned())));

    let counter = Cell::new(1);
    // SAFETY: the counter outlives the generator.
    let counts = pin!(unsafe { counted(&raw const counter) });
    assert_eq!(counts.collect::<Vec<_>>(), [1, 1, 2, 2]);

    let (nothing, end) = nothing(1, 2, 3).boxed().start();
    assert_eq!(nothing.suspension().name(), "nothing at all");
    assert_eq!(end, GeneratorState::Returned(3));

    assert_eq!(ruler(3).boxed().collect::<Vec<_>>(), [1, 2, 1, 3, 1, 2, 1]);
    assert_eq!(pin!(nested((1, 3))).collect::<Vec<_>>(), [1, 1, 2, 2]);
}
