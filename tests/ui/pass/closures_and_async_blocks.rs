use coroutine_core as co;

#[co::coroutine]
fn nested(number: u32) -> u32 {
    let double = |number: u32| number * 2;
    let block = async { std::future::ready(1).await };
    let closure = async |number: u32| std::future::ready(number).await;

    #[co::coroutine]
    fn inner(number: u32) -> u32 {
        yield_!(co::moment());
        number + 1
    }

    double(yield_!(inner(number))) + yield_!(block) + yield_!(closure(3))
}

#[co::main]
pub(crate) fn main() {
    assert_eq!(yield_!(nested(1)), 8);
}
