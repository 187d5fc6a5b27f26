mod inner {
    pub use coroutine_core as runtime;
}

use inner::runtime;

#[runtime::coroutine(crate = inner::runtime)]
fn answer(value: u32) -> u32 {
    yield_!(runtime::moment());
    value
}

#[runtime::coroutine(crate = crate::runtime_under_another_name::inner::runtime, lazy, name = "borrows")]
fn borrows(value: &u32) -> u32 {
    yield_!(answer(*value))
}

#[runtime::generator(yield = u32, crate = inner::runtime)]
fn numbers() {
    yield_!(1);
}

#[runtime::generator(yield = u32, crate = inner::runtime)]
async fn later() {
    runtime::moment().await;
    yield_!(1);
}

#[runtime::main(crate = inner::runtime)]
pub(crate) fn main() {
    assert_eq!(yield_!(borrows(&5)), 5);
    let block = runtime::block::coroutine! { yield answer(6) };
    assert_eq!(yield_!(block), 6);
    let block = runtime::block::generator! { |n: u32| { yield n; } };
    assert_eq!(
        numbers()
            .boxed()
            .chain(block(2).boxed())
            .collect::<Vec<_>>(),
        [1, 2]
    );
    drop(later());
}
