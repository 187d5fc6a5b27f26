use coroutine_core as co;

#[co::test]
fn plain() {
    yield_!(co::moment());
}

#[co::test(timeout = 0.5, virtual_clock)]
#[should_panic(expected = "no")]
fn with_everything() -> Result<(), String> {
    yield_!(async { Err("no".to_owned()) })
}

pub(crate) fn main() {}
