//! Generators: their life, their homes, and what becomes of what they hold.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::iter::FusedIterator;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;

use co::GeneratorState::{Returned, Yielded};
use co::{BoxedGenerator, GeneratorState, SendError, Started, State};
use coroutine_core as co;
use coroutine_tests::{Events, LIMIT, OnDrop, watchdog};

/// A test in a thread of its own, which has no loop.
fn alone(body: impl FnOnce() + Send + 'static) {
    watchdog(LIMIT, body);
}

/// The message of a panic.
fn panic_of<T>(body: impl FnOnce() -> T) -> String {
    let payload = catch_unwind(AssertUnwindSafe(|| drop(body()))).expect_err("it panics");
    match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a text")).to_owned(),
    }
}

#[co::generator(yield = u32)]
fn up_to(end: u32) {
    for n in 1..=end {
        yield_!(n);
    }
}

/// Gives out the sum of what was sent, and returns it when it is sent a zero.
#[co::generator(yield = u32, resume = u32)]
fn sum() -> u32 {
    let mut sum = 0;
    loop {
        match yield_!(sum) {
            0 => return sum,
            n => sum += n,
        }
    }
}

/// Notes what it does and what is dropped.
#[co::generator(yield = u32, resume = u32)]
fn noting(events: Events, _argument: OnDrop) -> &'static str {
    events.note("begins");
    let _outer = events.note_on_drop("outer");
    let got = yield_!(1);
    let _inner = events.note_on_drop(format!("inner {got}"));
    let got = yield_!(2);
    events.note(format!("got {got}"));
    "end"
}

fn noted(events: &Events) -> BoxedGenerator<'static, u32, u32, &'static str> {
    noting(events.clone(), events.note_on_drop("argument")).boxed()
}

// 1. Constructing runs none of the body. `start` runs to the first yield.

#[test]
fn constructing_runs_none_of_the_body() {
    alone(|| {
        let events = Events::new();
        let generator = noting(events.clone(), events.note_on_drop("argument"));
        assert!(events.take().is_empty());
        let generator = generator.boxed();
        assert!(events.take().is_empty());
        drop(generator);
        assert_eq!(events.take(), ["argument"]);
    });
}

#[test]
fn start_runs_to_the_first_yield() {
    alone(|| {
        let events = Events::new();
        let generator = pin!(noting(events.clone(), events.note_on_drop("argument")));
        let (_on_stack, first) = generator.start();
        assert_eq!(
            (first, events.take()),
            (Yielded(1), vec!["begins".to_owned()])
        );
        let (_on_heap, first) = noted(&events).start();
        assert_eq!(
            (first, events.take()),
            (Yielded(1), vec!["begins".to_owned()])
        );
    });
}

#[test]
fn start_of_a_generator_that_never_yields_gives_its_result() {
    #[co::generator(yield = u32, resume = String)]
    fn none() -> &'static str {
        "end"
    }

    alone(|| {
        let (mut on_heap, end) = none().boxed().start();
        assert_eq!(end, Returned("end"));
        assert_eq!(on_heap.send("x".to_owned()), Err(SendError("x".to_owned())));
    });
}

#[test]
fn the_first_next_runs_to_the_first_yield() {
    alone(|| {
        let events = Events::new();
        let inner = events.clone();
        let mut generator = pin!(co::block::generator! {
            inner.note("begins");
            yield 1;
            inner.note("goes on");
        });
        assert!(events.take().is_empty());
        assert_eq!(generator.next(), Some(1));
        assert_eq!(events.take(), ["begins"]);
        assert_eq!(generator.next(), None);
        assert_eq!(events.take(), ["goes on"]);
    });
}

#[test]
fn a_generator_starts_once() {
    alone(|| {
        let mut iterated = up_to(2).boxed();
        assert_eq!(iterated.next(), Some(1));
        assert!(panic_of(|| iterated.start()).contains("was started before"));

        let mut closed = up_to(2).boxed();
        closed.close();
        panic_of(|| closed.start());

        let mut on_stack = pin!(up_to(2));
        assert_eq!(on_stack.as_mut().start().1, Yielded(1));
        assert!(panic_of(|| on_stack.as_mut().start().1).contains("was started before"));
        assert_eq!(
            on_stack.next(),
            Some(2),
            "what was refused has changed nothing"
        );
    });
}

// 2. Producer and consumer.

#[test]
fn producer_and_consumer_alternate_strictly() {
    #[co::generator(yield = &'static str, resume = u32)]
    fn consumer(events: Events) {
        let mut answer = "ready";
        loop {
            let task = yield_!(answer);
            events.note(format!("consuming {task}"));
            answer = if task % 2 == 0 { "even" } else { "odd" };
        }
    }

    fn produce<H>(consumer: &mut Started<H>, events: &Events)
    where
        H: co::Home<Argument = u32, Yield = &'static str, Return = ()>,
    {
        for task in 1..=3 {
            events.note(format!("producing {task}"));
            let Ok(Yielded(answer)) = consumer.send(task) else {
                panic!("it never ends");
            };
            events.note(answer);
        }
    }

    alone(|| {
        let events = Events::new();
        let strictly = [
            ["producing 1", "consuming 1", "odd"],
            ["producing 2", "consuming 2", "even"],
            ["producing 3", "consuming 3", "odd"],
        ];
        let (mut on_heap, ready) = consumer(events.clone()).boxed().start();
        assert_eq!(ready, Yielded("ready"));
        produce(&mut on_heap, &events);
        assert_eq!(events.take(), strictly.concat());

        let consumer = pin!(consumer(events.clone()));
        let (mut on_stack, _) = consumer.start();
        produce(&mut on_stack, &events);
        assert_eq!(events.take(), strictly.concat());
    });
}

#[test]
fn what_is_sent_is_what_the_yield_evaluates_to() {
    alone(|| {
        let sums = pin!(sum());
        let (mut sums, first) = sums.start();
        assert_eq!(first, Yielded(0));
        assert_eq!(sums.send(3), Ok(Yielded(3)));
        assert_eq!(sums.send(4), Ok(Yielded(7)));
        assert_eq!(sums.send(0), Ok(Returned(7)));
    });
}

#[test]
fn yields_within_one_expression_take_in_order() {
    alone(|| {
        let (mut both, first) = co::block::generator! {
            || -> Vec<u32> { vec![yield 'a', yield 'b', (yield 'c') + (yield 'd')] }
        }()
        .boxed()
        .start();
        assert_eq!(first, Yielded('a'));
        assert_eq!(both.send(1), Ok(Yielded('b')));
        assert_eq!(both.send(2), Ok(Yielded('c')));
        assert_eq!(both.send(3), Ok(Yielded('d')));
        assert_eq!(both.send(4), Ok(Returned(vec![1, 2, 7])));
    });
}

// 3. A plain scheduler.

#[test]
fn a_scheduler_sends_odd_to_one_and_even_to_the_other() {
    #[co::generator(yield = usize, resume = u32)]
    fn worker(name: &'static str, events: Events) {
        let mut done = 0;
        loop {
            let task = yield_!(done);
            events.note(format!("{name} {task}"));
            done += 1;
        }
    }

    alone(|| {
        let events = Events::new();
        let mut workers =
            ["even", "odd"].map(|name| worker(name, events.clone()).boxed().start().0);
        let done = (1..=5).map(|task| workers[task % 2].send(task as u32));
        let done: Vec<_> = done.map(|sent| sent.expect("it goes on")).collect();
        assert_eq!(done, [1, 1, 2, 2, 3].map(Yielded));
        assert_eq!(
            events.take(),
            ["odd 1", "even 2", "odd 3", "even 4", "odd 5"]
        );
    });
}

#[test]
fn a_round_robin_scheduler_runs_generators_of_many_kinds_to_their_ends() {
    alone(|| {
        let mut queue: VecDeque<(char, BoxedGenerator<u32>)> = VecDeque::new();
        queue.push_back(('a', up_to(2).boxed()));
        queue.push_back((
            'b',
            co::block::generator! { yield 10; yield 20; yield 30; }.boxed(),
        ));
        let mut order = Vec::new();
        while let Some((name, mut task)) = queue.pop_front() {
            if let Some(value) = task.next() {
                order.push((name, value));
                queue.push_back((name, task));
            }
        }
        assert_eq!(order, [('a', 1), ('b', 10), ('a', 2), ('b', 20), ('b', 30)]);
    });
}

// 4. `close` and drop.

#[test]
fn close_runs_destructors_at_the_suspended_yield_once() {
    alone(|| {
        let events = Events::new();
        let (mut on_heap, _) = noted(&events).start();
        assert_eq!(on_heap.send(7), Ok(Yielded(2)));
        assert_eq!(events.take(), ["begins"]);
        on_heap.close();
        assert_eq!(events.take(), ["inner 7", "outer", "argument"]);
        on_heap.close();
        drop(on_heap);
        assert!(events.take().is_empty());
    });
}

#[test]
fn close_on_the_stack_runs_destructors_at_the_suspended_yield_once() {
    alone(|| {
        let events = Events::new();
        {
            let generator = pin!(noting(events.clone(), events.note_on_drop("argument")));
            let (mut generator, _) = generator.start();
            assert_eq!(generator.send(7), Ok(Yielded(2)));
            let _ = events.take();
            generator.close();
            assert_eq!(events.take(), ["inner 7", "outer", "argument"]);
        }
        assert!(events.take().is_empty());
    });
}

#[test]
fn drop_runs_destructors_at_the_suspended_yield_once() {
    alone(|| {
        let events = Events::new();
        let (on_heap, _) = noted(&events).start();
        let _ = events.take();
        drop(on_heap);
        assert_eq!(events.take(), ["outer", "argument"]);
    });
}

#[test]
fn the_handle_of_a_generator_on_the_stack_leaves_it_suspended_when_dropped() {
    alone(|| {
        let events = Events::new();
        {
            let mut generator = pin!(noting(events.clone(), events.note_on_drop("argument")));
            {
                let (_handle, _) = generator.as_mut().start();
                let _ = events.take();
            }
            assert!(events.take().is_empty());
            assert_eq!(generator.suspension().state(), State::Suspended(0));
        }
        assert_eq!(events.take(), ["outer", "argument"]);
    });
}

#[test]
fn closing_a_fresh_generator_runs_none_of_its_body() {
    alone(|| {
        let events = Events::new();
        let mut on_heap = noted(&events);
        on_heap.close();
        assert_eq!(events.take(), ["argument"]);
        let mut on_stack = pin!(noting(events.clone(), events.note_on_drop("argument")));
        on_stack.as_mut().close();
        assert_eq!(events.take(), ["argument"]);
    });
}

#[test]
fn arguments_go_when_the_body_ends_and_not_with_the_generator() {
    alone(|| {
        let events = Events::new();
        let (mut generator, _) = noted(&events).start();
        assert_eq!(generator.send(1), Ok(Yielded(2)));
        assert_eq!(generator.send(2), Ok(Returned("end")));
        assert_eq!(
            events.take(),
            ["begins", "got 2", "inner 1", "outer", "argument"]
        );
        generator.close();
        drop(generator);
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_value_yielded_but_not_taken_is_dropped_once() {
    #[co::generator(yield = OnDrop, resume = OnDrop)]
    fn values(events: Events) {
        let got = yield_!(events.note_on_drop("first"));
        drop(got);
        yield_!(events.note_on_drop("second"));
    }

    alone(|| {
        let events = Events::new();
        let (mut generator, first) = values(events.clone()).boxed().start();
        assert!(events.take().is_empty());
        drop(first);
        assert_eq!(events.take(), ["first"]);
        drop(generator.send(events.note_on_drop("sent")));
        assert_eq!(events.take(), ["sent", "second"]);
        drop(generator);
        assert!(events.take().is_empty());
    });
}

#[test]
fn what_a_yield_evaluates_to_and_nobody_binds_is_dropped_at_once() {
    #[co::generator(yield = u32, resume = OnDrop)]
    fn careless(events: Events) {
        yield_!(1);
        events.note("after");
        yield_!(2);
    }

    alone(|| {
        let events = Events::new();
        let (mut generator, _) = careless(events.clone()).boxed().start();
        assert!(generator.send(events.note_on_drop("sent")).is_ok());
        assert_eq!(events.take(), ["sent", "after"]);
    });
}

#[test]
fn what_was_sent_last_stays_with_the_body_until_that_ends() {
    #[co::generator(yield = u32, resume = OnDrop)]
    fn keeps() -> OnDrop {
        let first = yield_!(1);
        let _second = yield_!(2);
        first
    }

    alone(|| {
        let events = Events::new();
        let (mut generator, _) = keeps().boxed().start();
        assert!(generator.send(events.note_on_drop("first")).is_ok());
        assert!(events.take().is_empty());
        let end = generator.send(events.note_on_drop("second"));
        assert_eq!(events.take(), ["second"]);
        drop(generator);
        assert!(events.take().is_empty());
        drop(end);
        assert_eq!(events.take(), ["first"]);
    });
}

#[test]
fn temporaries_of_what_is_yielded_are_gone_while_the_generator_is_suspended() {
    #[co::generator(yield = usize)]
    fn lengths(list: Rc<RefCell<Vec<u32>>>) {
        loop {
            yield_!(list.borrow().len());
        }
    }

    alone(|| {
        let list = Rc::new(RefCell::new(vec![1]));
        let of_a_block = Rc::clone(&list);
        let block = co::block::generator! { loop { yield of_a_block.borrow().len() } };
        for mut lengths in [lengths(Rc::clone(&list)).boxed(), block.boxed()] {
            assert_eq!(lengths.next(), Some(1));
            list.try_borrow_mut().expect("nobody holds it").push(2);
            assert_eq!(lengths.next(), Some(2));
            list.borrow_mut().pop();
        }
    });
}

// 5. Finished or closed: stays so.

#[test]
fn a_finished_generator_gives_back_what_is_sent() {
    alone(|| {
        let (mut generator, _) = sum().boxed().start();
        assert_eq!(generator.send(0), Ok(Returned(0)));
        for n in [1, 0, 2] {
            assert_eq!(generator.send(n), Err(SendError(n)));
        }
    });
}

#[test]
fn a_closed_generator_gives_back_what_is_sent() {
    alone(|| {
        let events = Events::new();
        let generator = pin!(co::block::generator! { || { let _: OnDrop = yield 1; } }());
        let (mut generator, _) = generator.start();
        generator.close();
        let back = generator.send(events.note_on_drop("sent"));
        assert!(events.take().is_empty());
        assert!(matches!(back, Err(SendError(_))));
        drop(back);
        assert_eq!(events.take(), ["sent"]);
    });
}

#[test]
fn the_error_of_a_send_says_what_is_wrong_and_asks_nothing_of_the_value() {
    struct Opaque;

    fn is_error(error: &impl Error) -> String {
        error.to_string()
    }

    let error = SendError(Opaque);
    assert_eq!(
        is_error(&error),
        "the generator has ended, so it takes nothing more"
    );
    assert_eq!(format!("{error:?}"), "SendError { .. }");
}

#[test]
fn iteration_ends_and_stays_ended_in_every_home() {
    fn drained(mut iterator: impl FusedIterator<Item = u32>) {
        assert_eq!(iterator.by_ref().collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((iterator.next(), iterator.next()), (None, None));
    }

    alone(|| {
        drained(pin!(up_to(3)));
        drained(up_to(3).boxed());
        let from_two = |first, rest: Vec<u32>| assert_eq!((first, rest), (Yielded(1), vec![2, 3]));
        let (rest, first) = up_to(3).boxed().start();
        from_two(first, rest.collect());
        let on_stack = pin!(up_to(3));
        let (rest, first) = on_stack.start();
        from_two(first, rest.collect());
    });
}

#[test]
fn closing_a_generator_that_has_returned_changes_nothing() {
    let mut on_heap = up_to(1).boxed();
    assert_eq!(on_heap.by_ref().count(), 1);
    on_heap.close();
    assert_eq!(on_heap.suspension().state(), State::Returned);
    let mut on_stack = pin!(up_to(1));
    assert_eq!(on_stack.by_ref().count(), 1);
    on_stack.as_mut().close();
    assert_eq!(on_stack.suspension().state(), State::Returned);
}

#[test]
fn a_generator_is_iterated_where_it_stands_by_for() {
    let mut sum = 0;
    for n in up_to(3) {
        sum += n;
    }
    assert_eq!(sum, 6);
    assert_eq!(up_to(2).into_iter().chain(up_to(1)).count(), 3);
}

#[test]
fn iteration_of_a_closed_generator_is_over() {
    alone(|| {
        let mut on_heap = up_to(3).boxed();
        assert_eq!(on_heap.next(), Some(1));
        on_heap.close();
        assert_eq!(on_heap.next(), None);
        let mut fresh = pin!(up_to(3));
        fresh.as_mut().close();
        assert_eq!(fresh.next(), None);
    });
}

#[test]
fn an_iterator_that_is_left_can_be_gone_on_with() {
    alone(|| {
        let mut numbers = pin!(up_to(6));
        assert_eq!(numbers.by_ref().take(2).sum::<u32>(), 3);
        for n in &mut numbers {
            if n == 4 {
                break;
            }
        }
        assert_eq!(numbers.collect::<Vec<_>>(), [5, 6]);
    });
}

// 6. Re-entrance.

#[test]
fn a_generator_that_resumes_itself_meets_an_error_and_goes_on() {
    type Own = Rc<RefCell<Option<Started<BoxedGenerator<'static, bool, u32>>>>>;

    #[co::generator(yield = bool, resume = u32)]
    fn narcissus(own: Own) {
        loop {
            let refused = own.try_borrow_mut().is_err();
            yield_!(refused);
        }
    }

    alone(|| {
        let own = Own::default();
        let (started, first) = narcissus(Rc::clone(&own)).boxed().start();
        assert_eq!(first, Yielded(false));
        *own.borrow_mut() = Some(started);
        let sent = own.borrow_mut().as_mut().expect("it was put there").send(1);
        assert_eq!(sent, Ok(Yielded(true)));
        // It owns itself: the one way to leak it.
        let started = own.take();
        drop(started);
        assert_eq!(Rc::strong_count(&own), 1);
    });
}

// Panics.

#[co::generator(yield = u32, resume = bool)]
fn breaks(events: Events) {
    let _local = events.note_on_drop("local");
    while yield_!(1) {}
    panic!("it breaks");
}

#[test]
fn a_panic_goes_to_whoever_resumes_and_ends_the_generator() {
    alone(|| {
        let events = Events::new();
        let (mut generator, _) = breaks(events.clone()).boxed().start();
        assert_eq!(generator.send(true), Ok(Yielded(1)));
        assert_eq!(panic_of(|| generator.send(false)), "it breaks");
        assert_eq!(events.take(), ["local"]);
        assert_eq!(generator.send(true), Err(SendError(true)));
        assert_eq!(generator.suspension().state(), State::Running);
        generator.close();
        assert_eq!(generator.suspension().state(), State::Closed);
        assert_eq!(generator.send(true), Err(SendError(true)));
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_panic_on_the_stack_ends_the_generator() {
    alone(|| {
        let events = Events::new();
        {
            let generator = pin!(breaks(events.clone()));
            let (mut generator, _) = generator.start();
            assert_eq!(panic_of(|| generator.send(false)), "it breaks");
            assert_eq!(events.take(), ["local"]);
            assert_eq!(generator.send(true), Err(SendError(true)));
        }
        assert!(events.take().is_empty());
    });
}

#[test]
fn a_panic_before_the_first_yield_is_a_panic_of_start() {
    #[co::generator(yield = u32)]
    fn at_once(_argument: OnDrop) {
        if true {
            panic!("at once");
        }
        yield_!(1);
    }

    alone(|| {
        let events = Events::new();
        let generator = at_once(events.note_on_drop("argument")).boxed();
        assert_eq!(panic_of(|| generator.start()), "at once");
        assert_eq!(events.take(), ["argument"]);
        let mut iterated = at_once(OnDrop::new(|| ())).boxed();
        assert_eq!(panic_of(|| iterated.next()), "at once");
        assert_eq!(iterated.next(), None);
    });
}

// `throw`.

#[co::generator(yield = u32, resume = Result<u32, String>)]
fn tolerates_one(events: Events) -> Result<&'static str, String> {
    let _local = events.note_on_drop("local");
    match yield_!(1) {
        Ok(n) => events.note(n),
        Err(error) => events.note(format!("handled {error}")),
    }
    let n = yield_!(2)?;
    events.note(n);
    Ok("end")
}

#[test]
fn an_error_that_is_thrown_can_be_handled() {
    alone(|| {
        let events = Events::new();
        let (mut generator, _) = tolerates_one(events.clone()).boxed().start();
        assert_eq!(generator.throw("x".to_owned()), Ok(Yielded(2)));
        assert_eq!(generator.send(Ok(5)), Ok(Returned(Ok("end"))));
        assert_eq!(events.take(), ["handled x", "5", "local"]);
    });
}

#[test]
fn an_error_that_is_thrown_and_passed_on_is_the_result() {
    alone(|| {
        let events = Events::new();
        let generator = pin!(tolerates_one(events.clone()));
        let (mut generator, _) = generator.start();
        assert_eq!(generator.send(Ok(4)), Ok(Yielded(2)));
        assert_eq!(
            generator.throw("y".to_owned()),
            Ok(Returned(Err("y".to_owned())))
        );
        assert_eq!(events.take(), ["4", "local"]);
    });
}

#[test]
fn an_error_thrown_at_an_ended_generator_comes_back() {
    alone(|| {
        let (mut generator, _) = tolerates_one(Events::new()).boxed().start();
        generator.close();
        assert_eq!(
            generator.throw("z".to_owned()),
            Err(SendError("z".to_owned()))
        );
        assert_eq!(generator.send(Ok(1)), Err(SendError(Ok(1))));
    });
}

// What they say.

/// Where things stand in `sited`.
const SITED: u32 = line!() + 3;

#[co::generator(yield = u32, resume = u32)]
fn sited(first: u32) -> u32 {
    let second = yield_!(first + 1);
    yield_!(second)
}

#[test]
fn suspension_tells_the_site_in_every_phase() {
    alone(|| {
        let fresh = sited(1).boxed();
        assert_eq!(fresh.suspension().state(), State::Unresumed);
        let (mut generator, _) = fresh.start();
        let at = generator.suspension();
        assert_eq!((at.name(), at.file()), ("sited", file!()));
        assert_eq!((at.line(), at.column()), (SITED + 1, 18));
        assert_eq!(
            (at.operand(), at.state()),
            (Some("first + 1"), State::Suspended(0))
        );
        assert_eq!(generator.send(4), Ok(Yielded(4)));
        let at = generator.suspension();
        assert_eq!((at.line(), at.operand()), (SITED + 2, Some("second")));
        assert_eq!(generator.send(5), Ok(Returned(5)));
        let at = generator.suspension();
        assert_eq!((at.line(), at.operand()), (SITED, None));
        assert_eq!(at.state(), State::Returned);
    });
}

#[test]
fn debug_shows_the_home_and_the_site() {
    #[track_caller]
    fn assert_shows(value: &impl Debug, parts: [&str; 4]) {
        let text = format!("{value:?}");
        for part in parts.into_iter().chain(["\"sited\""]) {
            assert!(text.contains(part), "`{part}` is missing in `{text}`");
        }
        assert!(text.starts_with(parts[0]), "{text}");
    }

    alone(|| {
        let place = |line, column| format!("{}:{line}:{column}", file!());
        let (declared, suspended) = (place(SITED, 4), place(SITED + 1, 18));
        let fresh = sited(1);
        assert_shows(&fresh, ["Generator {", &declared, "Unresumed", ""]);
        let boxed = fresh.boxed();
        assert_shows(&boxed, ["BoxedGenerator {", &declared, "Unresumed", ""]);
        let at_yield = ["Started {", &suspended, "Suspended(0)", "first + 1"];
        assert_shows(&boxed.start().0, at_yield);
        let on_stack = pin!(sited(1));
        assert_shows(&on_stack.start().0, at_yield);
    });
}

#[test]
fn a_name_of_the_users_is_shown() {
    #[co::generator(yield = u32, name = "chosen")]
    fn plain() {
        yield_!(1);
    }

    assert_eq!(plain().suspension().name(), "chosen");
}

// Forms.

#[test]
fn arguments_may_be_borrowed() {
    #[co::generator(yield = &'a str)]
    fn words<'a>(text: &'a str, count: &mut usize) {
        for word in text.split(' ') {
            *count += 1;
            yield_!(word);
        }
    }

    alone(|| {
        let text = "one two three".to_owned();
        let mut count = 0;
        let first = words(&text, &mut count).boxed().next();
        let all: Vec<&str> = pin!(words(&text, &mut count)).collect();
        assert_eq!((first, all), (Some("one"), vec!["one", "two", "three"]));
        assert_eq!(count, 4);
    });
}

#[test]
fn methods_generics_and_opaque_types_are_generators() {
    struct Shelf<T>(Vec<T>);

    impl<T: Clone + Display> Shelf<T> {
        #[co::generator(yield = T)]
        fn twice(&self, also: impl Into<T>) {
            for book in self.0.iter().cloned().chain([also.into()]) {
                yield_!(book.clone());
                yield_!(book);
            }
        }

        #[co::generator(yield = impl Display + use<T>)]
        fn shown(self) -> usize {
            for book in &self.0 {
                yield_!(format!("<{book}>"));
            }
            self.0.len()
        }
    }

    alone(|| {
        let shelf = Shelf(vec!["a".to_owned()]);
        assert_eq!(
            pin!(shelf.twice("b")).collect::<Vec<_>>(),
            ["a", "a", "b", "b"]
        );
        let shown = pin!(shelf.shown());
        let (mut shown, first) = shown.start();
        assert_eq!(
            first.yielded().map(|text| text.to_string()).as_deref(),
            Some("<a>")
        );
        assert_eq!(
            shown.send(()).ok().and_then(GeneratorState::returned),
            Some(1)
        );
    });
}

#[test]
fn a_generator_can_drive_others_and_itself_anew() {
    #[co::generator(yield = u32)]
    fn flattened(depth: u32) {
        yield_!(depth);
        if depth > 0 {
            for inner in flattened(depth - 1).boxed() {
                yield_!(inner);
            }
            for inner in pin!(up_to(2)) {
                yield_!(inner);
            }
        }
    }

    alone(|| {
        let all: Vec<u32> = pin!(flattened(2)).collect();
        assert_eq!(all, [2, 1, 0, 1, 2, 1, 2]);
    });
}

#[test]
fn a_block_owns_what_it_captures() {
    alone(|| {
        let events = Events::new();
        let local = events.note_on_drop("captured");
        let mut generator = co::block::generator! {
            let _local = local;
            yield 1;
        }
        .boxed();
        assert_eq!(generator.next(), Some(1));
        assert!(events.take().is_empty());
        drop(generator);
        assert_eq!(events.take(), ["captured"]);
    });
}

#[test]
fn a_closure_makes_a_generator_at_each_call() {
    alone(|| {
        let offset = 10;
        let from = co::block::generator! { |n: u32| -> u32 {
            let got: u32 = yield n + offset;
            got * 2
        } };
        let (one, two) = (pin!(from(1)), pin!(from(2)));
        let ((mut one, first), (mut two, second)) = (one.start(), two.start());
        assert_eq!((first, second), (Yielded(11), Yielded(12)));
        assert_eq!(two.send(4), Ok(Returned(8)));
        assert_eq!(one.send(3), Ok(Returned(6)));
    });
}

#[test]
fn a_boxed_generator_moves_between_yields() {
    #[co::generator(yield = u32)]
    fn borrows_from_itself(scale: u32) {
        let array = [1, 2, 3].map(|n| n * scale);
        for n in &array {
            yield_!(*n);
        }
    }

    alone(|| {
        let mut homes = vec![
            borrows_from_itself(1).boxed(),
            borrows_from_itself(10).boxed(),
        ];
        let mut taken = Vec::new();
        for _ in 0..4 {
            let mut moved = homes.remove(0);
            taken.extend(moved.next());
            homes.push(moved);
            homes.reserve(100);
        }
        let (mut one, mut other) = (homes.remove(0), homes.remove(0));
        mem::swap(&mut one, &mut other);
        taken.extend(one.next().into_iter().chain(other.next()));
        assert_eq!(taken, [1, 10, 2, 20, 30, 3]);
    });
}

#[test]
fn a_million_resumptions_use_no_stack() {
    alone(|| {
        let last = pin!(up_to(1_000_000)).last();
        assert_eq!(last, Some(1_000_000));
        let (mut sums, _) = sum().boxed().start();
        for _ in 0..100_000 {
            assert!(sums.send(1).is_ok());
        }
        assert_eq!(sums.send(0), Ok(Returned(100_000)));
    });
}
