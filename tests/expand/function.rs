/// Adds, some time later.
#[co::coroutine]
pub fn asyn_sum(a: i32, b: i32) -> i32 {
    let (promise, future) = promise();
    IoLoop::current().add_callback(move || promise.set_result(a + b));
    let result = yield_!(future);
    println!("the {a}+{b}={result}");
    result
}
