#[co::coroutine]
fn tick(times: u32) {
    for _ in 0..times {
        yield_!(co::sleep(Duration::from_secs(1)));
    }
}
