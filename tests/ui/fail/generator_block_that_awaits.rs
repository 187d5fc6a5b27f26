use coroutine_core as co;

fn main() {
    let _numbers = co::block::generator! {
        co::moment().await;
        yield 1;
    };
}
