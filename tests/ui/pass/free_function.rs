use coroutine_core::{self as co, IoLoop, promise};

#[co::coroutine]
fn asyn_sum(a: i32, b: i32) -> i32 {
    let (promise, future) = promise();
    IoLoop::current().add_callback(move || promise.set_result(a + b));
    yield_!(future)
}

#[co::coroutine]
fn no_value() {
    yield_!(co::moment());
}

pub(crate) fn main() {
    let sum = IoLoop::current().run_sync(|| asyn_sum(2, 3));
    assert_eq!(sum.expect("the sum"), 5);
    IoLoop::current().run_sync(no_value).expect("no value");
}
