use coroutine_core as co;

#[co::coroutine]
fn waits() {
    struct Inner;
    impl Inner {
        fn wait(&self) {
            yield_!(co::moment());
        }
    }
    Inner.wait();
}

fn main() {}
