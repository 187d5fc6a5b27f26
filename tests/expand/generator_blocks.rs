fn generators(numbers: Vec<u32>) {
    let all = generator! { yield 1; yield_!(2); for n in numbers { yield n } };
    let sum = generator! {
        let mut sum = 0;
        while let Some(n) = (yield sum) {
            sum += n;
        }
        sum
    };
    let upto = generator! { |n: u32| -> u32 { for i in 0..n { yield i; } n } };
    let ticks = generator! { async { tick().await; yield; Ok::<(), Error>(()) } };
    let later = generator! { async move |n: u32| { yield load(n).await; } };
}
