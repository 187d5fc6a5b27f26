#[co::coroutine]
fn print(a: Future<u32>, b: Future<u32>) -> Vec<u32> {
    println!("{} {}", co::yield_!(a), 1 + b.await);
    assert!(matches!(yield_!(next()), Some(n) if n > 0));
    select! { left = co::yield_!(next()) => left };
    vec![yield_!(first()); 3]
}
