use coroutine_core as co;

#[co::generator(yield = usize, resume = &'a str)]
fn keeps<'a>(first: &'a str) {
    let mut kept = vec![first];
    loop {
        kept.push(yield_!(kept.len()));
    }
}

fn main() {
    let (mut keeps, _) = keeps("first").boxed().start();
    {
        let second = String::from("second");
        let _count = keeps.send(&second);
    }
    let _count = keeps.send("third");
}
