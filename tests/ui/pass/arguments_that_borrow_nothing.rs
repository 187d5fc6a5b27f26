use std::borrow::Cow;

use coroutine_core as co;

#[co::coroutine]
fn owned(
    text: &'static str,
    cow: Cow<'static, str>,
    hidden: impl Fn(&str) -> usize + 'static,
    boxed: Box<dyn for<'a> Fn(&'a str) -> &'a str>,
    pointer: fn(&str) -> &str,
    list: Vec<Option<&'static str>>,
) -> usize {
    yield_!(co::moment());
    hidden(text) + boxed(&cow).len() + pointer("abc").len() + list.len()
}

#[co::main]
pub(crate) fn main() {
    let lengths = owned(
        "a",
        "ab".into(),
        str::len,
        Box::new(|text| text),
        str::trim,
        vec![None],
    );
    assert_eq!(yield_!(lengths), 7);
}
