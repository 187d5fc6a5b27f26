use coroutine_core as co;

fn main() {
    let _numbers = co::block::generator! {
        let _reply = yield 1;
    };
}
