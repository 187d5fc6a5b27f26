#[co::test(timeout = 0.5, virtual_clock)]
#[should_panic(expected = "too late")]
fn waits_too_long() {
    yield_!(co::sleep(Duration::from_secs(60)));
}
