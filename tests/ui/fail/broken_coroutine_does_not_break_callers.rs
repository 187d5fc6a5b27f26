use coroutine_core as co;

use std::fmt::Display;

#[co::coroutine]
fn number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| text.to_owned())
}

#[co::coroutine(eager)]
fn shown() -> impl Display {
    5
}

#[co::coroutine(lazy)]
fn lazy(text: &str) -> usize {
    yield_!();
    text.len()
}

#[co::coroutine]
fn caller() -> Result<String, String> {
    let number: u32 = yield_!(number("5"))?;
    let text = yield_!(shown()).to_string();
    let length: usize = yield_!(lazy(&text));
    Ok(format!("{number} {text} {length}"))
}

fn main() {}
