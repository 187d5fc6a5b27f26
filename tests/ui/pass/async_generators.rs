#![deny(warnings)]

use std::pin::pin;
use std::time::Duration;

use coroutine_core as co;
use futures_util::{Stream, StreamExt};

trait Source {
    #[co::generator(yield = &str)]
    async fn words(&self) -> Result<(), String>;
}

impl Source for String {
    #[co::generator(yield = &str)]
    async fn words(&self) -> Result<(), String> {
        for word in self.split(' ') {
            co::sleep(Duration::from_secs(1)).await;
            yield_!(word);
        }
        let end = later("the end".to_owned()).await?;
        Err(end)
    }
}

#[co::coroutine]
fn later(text: String) -> Result<String, String> {
    yield_!(co::moment());
    Ok(text)
}

#[co::generator(yield = T)]
async fn repeated<T: Clone>(value: &T) {
    loop {
        yield_!(value.clone());
    }
}

async fn collect<S: Stream>(stream: S) -> Vec<S::Item> {
    pin!(stream).collect().await
}

#[co::main]
pub(crate) fn main() {
    let text = "two words".to_owned();
    let words = yield_!(collect(text.words()));
    assert_eq!(words, [Ok("two"), Ok("words"), Err("the end".to_owned())]);

    assert_eq!(yield_!(collect(repeated(&1).take(2))), [1, 1]);

    let numbers = co::block::generator! { async {
        for number in 0..3 {
            co::moment().await;
            yield number;
        }
        if numbers_end() {
            return Err("no more");
        }
        Ok(())
    } };
    assert_eq!(
        yield_!(collect(numbers)),
        [Ok(0), Ok(1), Ok(2), Err("no more")]
    );

    let ticks = co::block::generator! { async move |number: u32| {
        loop {
            co::moment().await;
            yield number;
        }
    } };
    assert_eq!(yield_!(collect(ticks(7).take(2))), [7, 7]);
}

fn numbers_end() -> bool {
    true
}
