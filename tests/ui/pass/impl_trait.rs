use std::fmt::Display;

use coroutine_core as co;

#[co::coroutine]
fn bracket(value: impl Display + 'static) -> impl Display {
    yield_!(co::moment());
    format!("<{value}>")
}

#[co::coroutine(lazy)]
fn lazily(value: impl Display) -> impl Display {
    yield_!(co::moment());
    format!("[{value}]")
}

#[co::main]
pub(crate) fn main() {
    assert_eq!(yield_!(bracket(5)).to_string(), "<5>");
    assert_eq!(yield_!(lazily(5)).to_string(), "[5]");
}
