//! Lists, arrays, tuples, maps and options that are yielded as one.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use co::{Future, SharedFuture, multi, promise};
use coroutine_core as co;
use coroutine_tests::{Events, turns, with_loop};

/// Gives `value` after so many milliseconds.
#[co::coroutine]
fn late<T: 'static>(millis: u64, value: T) -> T {
    yield_!(co::sleep(Duration::from_millis(millis)));
    value
}

#[co::test(virtual_clock)]
fn the_results_of_a_vec_come_in_its_order() {
    let list: Vec<_> = (1..=5_u64).map(|n| late(10 - n, n)).collect();
    assert_eq!(yield_!(list), [1, 2, 3, 4, 5]);
}

#[co::test(virtual_clock)]
fn an_array_gives_an_array() {
    let [first, second]: [char; 2] = yield_!([late(2, 'a'), late(1, 'b')]);
    assert_eq!((first, second), ('a', 'b'));
}

#[co::test(virtual_clock)]
fn a_tuple_may_have_members_of_different_types() {
    let (number, text, nothing) = yield_!((late(3, 1), late(1, "one"), co::moment()));
    assert_eq!((number, text, nothing), (1, "one", ()));
}

#[co::test(virtual_clock)]
fn tuples_have_one_to_twelve_members() {
    let f = |n: u64| late(20 - n, n);
    assert_eq!(yield_!((f(1),)), (1,));
    let twelve = (
        f(1),
        f(2),
        f(3),
        f(4),
        f(5),
        f(6),
        f(7),
        f(8),
        f(9),
        f(10),
        f(11),
        f(12),
    );
    assert_eq!(yield_!(twelve), (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

#[co::test(virtual_clock)]
fn a_hash_map_gives_each_key_its_result() {
    let map = HashMap::from([("one", late(2, 1)), ("two", late(1, 2))]);
    assert_eq!(yield_!(map), HashMap::from([("one", 1), ("two", 2)]));
}

#[co::test(virtual_clock)]
fn a_b_tree_map_gives_each_key_its_result() {
    let map: BTreeMap<u64, _> = (0..100).map(|n| (n, late(100 - n, n * n))).collect();
    let squares: BTreeMap<u64, u64> = yield_!(map);
    assert!(squares.len() == 100 && squares.iter().all(|(n, square)| n * n == *square));
}

#[co::test(virtual_clock)]
fn an_option_gives_an_option() {
    assert_eq!(yield_!(Some(late(1, 7))), Some(7));
    assert_eq!(yield_!(None::<Future<u8>>), None);
}

#[co::test(virtual_clock)]
fn collections_may_be_nested() {
    let nested = (
        vec![Some(late(3, 1)), None],
        BTreeMap::from([("a", [late(2, 'x'), late(1, 'y')])]),
    );
    let (list, map) = yield_!(nested);
    assert_eq!(list, [Some(1), None]);
    assert_eq!(map, BTreeMap::from([("a", ['x', 'y'])]));
}

#[co::coroutine]
fn two_of<Y: co::Yieldable<K> + 'static, K: 'static>(one: Y, other: Y) -> (Y::Output, Y::Output) {
    yield_!((one, other))
}

#[co::coroutine]
fn boxed(one: Box<dyn std::future::Future<Output = u8> + Unpin>) -> Vec<u8> {
    yield_!(vec![one])
}

#[co::coroutine]
fn any(one: impl std::future::Future<Output = u8> + 'static) -> [u8; 1] {
    yield_!([one])
}

#[co::test(virtual_clock)]
fn generic_boxed_and_opaque_operands_may_be_members() {
    assert_eq!(yield_!(two_of(late(1, 1), late(1, 2))), (1, 2));
    assert_eq!(yield_!(two_of(vec![late(1, 1)], vec![])), (vec![1], vec![]));
    assert_eq!(yield_!(boxed(Box::new(late(1, 3)))), [3]);
    assert_eq!(yield_!(any(async { 4 })), [4]);
}

#[co::coroutine]
fn yields_empty_ones() -> bool {
    let nothing: Vec<Future<u8>> = vec![];
    let vec = yield_!(nothing);
    let array: [u8; 0] = yield_!([] as [Future<u8>; 0]);
    let map = yield_!(HashMap::<u8, Future<u8>>::new());
    let tree = yield_!(BTreeMap::<u8, Future<u8>>::new());
    let none = yield_!(None::<Future<u8>>);
    let many: Result<Vec<u8>, String> = yield_!(multi(Vec::<Future<Result<u8, String>>>::new()));
    vec.is_empty()
        && array.is_empty()
        && map.is_empty()
        && tree.is_empty()
        && none.is_none()
        && many.is_ok_and(|many| many.is_empty())
}

#[test]
fn empty_ones_are_ready_at_once() {
    with_loop(|_| {
        let mut future = yields_empty_ones();
        assert!(future.result().expect("it takes no turn"));
    });
}

#[co::coroutine]
fn yields_ready_ones() -> usize {
    let mut total = 0;
    for _ in 0..10_000 {
        total += yield_!(vec![co::maybe_future(1), co::maybe_future(2)]).len();
    }
    total
}

#[test]
fn a_list_of_members_that_are_done_is_ready_at_once() {
    with_loop(|_| {
        assert_eq!(yields_ready_ones().result().expect("no turn"), 20_000);
    });
}

#[co::coroutine]
fn yields_twice(number: SharedFuture<u32>) -> (Vec<u32>, u32, u32) {
    let list = yield_!(vec![number.clone(), number.clone(), number.clone()]);
    let (one, other) = yield_!((number.clone(), number));
    (list, one, other)
}

#[test]
fn the_same_shared_future_may_stand_several_times_in_one_list() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let mut twice = yields_twice(future.shared());
        turns(&io_loop, 1);
        promise.set_result(4);
        turns(&io_loop, 2);
        assert_eq!(twice.result().expect("it ends"), (vec![4, 4, 4], 4, 4));
    });
}

#[co::coroutine]
fn list_of_moments(events: Events) {
    yield_!(vec![co::moment(), co::moment()]);
    events.note("list");
}

#[test]
fn a_list_of_moments_costs_one_turn() {
    with_loop(|io_loop| {
        let events = Events::new();
        drop(list_of_moments(events.clone()));
        assert!(events.take().is_empty());
        turns(&io_loop, 1);
        assert_eq!(events.take(), ["list"]);
    });
}

#[co::coroutine]
fn after_a_moment(n: u64) -> u64 {
    yield_!(co::moment());
    n
}

#[co::test(timeout = 20)]
fn a_hundred_thousand_coroutines_may_be_yielded_at_once() {
    let numbers = yield_!((0..100_000).map(after_a_moment).collect::<Vec<_>>());
    assert!(numbers.into_iter().eq(0..100_000));
}
