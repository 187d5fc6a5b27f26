use coroutine_core as co;

fn length(text: &str) -> co::Future<usize> {
    co::block::coroutine! {
        yield co::moment();
        text.len()
    }
}

fn main() {}
