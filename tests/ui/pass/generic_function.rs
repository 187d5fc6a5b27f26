use std::fmt::Display;

use coroutine_core as co;

#[co::coroutine]
fn show<T, const N: usize>(values: [T; N]) -> String
where
    T: Display + 'static,
{
    yield_!(co::moment());
    values.map(|value| value.to_string()).join(" ")
}

#[co::coroutine]
fn give_back<T: 'static>(value: T) -> T {
    yield_!(co::moment());
    value
}

#[co::main]
pub(crate) fn main() {
    assert_eq!(yield_!(show([1, 2, 3])), "1 2 3");
    assert_eq!(yield_!(give_back("text")), "text");
}
