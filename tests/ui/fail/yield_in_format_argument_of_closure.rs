use coroutine_core as co;

#[co::coroutine]
fn waits() {
    let print = || println!("{:?}", yield_!(co::moment()));
    print();
}

fn main() {}
