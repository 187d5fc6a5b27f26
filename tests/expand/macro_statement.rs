#[co::coroutine]
fn waits() {
    yield_! { co::moment() }
    #[allow(unused_must_use)]
    yield_!(fallible());
    yield_! { co::moment() }
}
