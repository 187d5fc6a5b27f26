//! cargo run -p coroutine-examples --example scheduler
//!
//! A scheduler in plain code decides which of its generators goes on: odd tasks to one consumer, even ones to the other.

use coroutine_core::{self as co, BoxedGenerator, GeneratorState, SendError, Started};

#[co::generator(yield = String, resume = u32)]
fn consumer(name: &str) -> u32 {
    let mut sum = 0;
    let mut report = format!("{name} is ready");
    while sum < 12 {
        let task = yield_!(report);
        sum += task;
        report = format!("{name} has done task {task}");
    }
    sum
}

type Consumer<'a> = Started<BoxedGenerator<'a, String, u32, u32>>;

fn start(name: &str) -> Consumer<'_> {
    let (consumer, ready) = consumer(name).boxed().start();
    println!("{ready:?}");
    consumer
}

fn main() {
    let mut consumers = [start("even"), start("odd")];
    for task in 1..=9 {
        let consumer = &mut consumers[task as usize % 2];
        match consumer.send(task) {
            Ok(GeneratorState::Yielded(report)) => println!("{report}"),
            Ok(GeneratorState::Returned(sum)) => println!("one has had enough: {sum}"),
            Err(SendError(task)) => println!("nobody is left for task {task}"),
        }
    }
    println!("{consumers:#?}");
}
