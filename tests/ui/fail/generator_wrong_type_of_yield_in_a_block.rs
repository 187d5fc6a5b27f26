use coroutine_core as co;

fn main() {
    let _numbers = co::block::generator! {
        yield 1;
        yield "two";
    };
}
