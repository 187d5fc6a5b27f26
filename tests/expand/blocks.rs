fn start(numbers: Vec<u32>) -> Future<u32> {
    let double = coroutine! { move |number: u32| -> u32 { (yield load(number)) * 2 } };
    let print = coroutine! { |text| yield show(text) };
    coroutine! {
        let mut sum = 0;
        for number in numbers {
            sum += yield double(number);
        }
        print(sum).await;
        sum
    }
}
