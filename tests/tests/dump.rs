//! What `IoLoop::dump` says of known programs.

use std::io;
use std::net::TcpListener;
use std::pin::pin;
use std::time::Duration;

use coroutine_core::channel::Watch;
use coroutine_core::locks::{Condition, Event, Lock, Semaphore};
use coroutine_core::net::TcpStream;
use coroutine_core::process::Subprocess;
use coroutine_core::queues::Queue;
use coroutine_core::signal::{self, SignalKind};
use coroutine_core::{
    self as co, Dump, DumpKind, Future, IoLoop, SharedFuture, Status, VirtualClock, WaitIterator,
    WaitsFor, promise,
};
use coroutine_tests::{loop_with, turns, with_loop};

const HOUR: Duration = Duration::from_secs(3600);

/// The dump as text, without what differs from run to run and from machine to machine: the lines of the file, and sizes.
fn text(io_loop: &IoLoop) -> String {
    let mut text = String::new();
    for line in io_loop.dump().to_string().lines().skip(1) {
        let mut line = line.to_owned();
        while let Some(at) = line.find(file!()) {
            let end = line[at..]
                .find([' ', ','])
                .map_or(line.len(), |end| at + end);
            line.replace_range(at..end, "HERE");
        }
        if let Some((before, _)) = line.split_once(" bytes") {
            let end = before.rfind(", ").unwrap_or(before.len());
            line = before[..end].to_owned();
        }
        text.push_str(&line);
        text.push('\n');
    }
    text
}

/// Fails unless the dump reads so. Lines of `expected` are indented as its first one is.
#[track_caller]
fn assert_dump(io_loop: &IoLoop, expected: &str) {
    let lines: Vec<&str> = expected
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let indent = lines
        .first()
        .map_or(0, |line| line.len() - line.trim_start().len());
    let expected: String = lines
        .iter()
        .map(|line| format!("{}\n", &line[indent.min(line.len())..]))
        .collect();
    let found = text(io_loop);
    assert_eq!(found, expected, "\n--- the dump ---\n{found}");
}

#[co::coroutine]
fn sleeper(time: Duration) {
    yield_!(co::sleep(time));
}

#[test]
fn a_coroutine_shows_where_it_is_suspended_and_its_timer() {
    with_loop(|_| {
        let clock = VirtualClock::new();
        let io_loop = loop_with(clock.clone());
        io_loop
            .run_sync_timeout(Duration::from_secs(5), || sleeper(HOUR))
            .expect_err("it fails");
        assert_dump(
            &io_loop,
            "
            dump::sleeper #1 at HERE, yielding `co::sleep(time)`, suspended for 5.0 s
              -> a timer, due in 59 min 55 s
            ",
        );
        let dump = io_loop.dump();
        let root = dump.roots().next().expect("it is there");
        assert_eq!(
            (root.kind(), root.status()),
            (DumpKind::Coroutine, Status::Suspended)
        );
        assert_eq!(root.waited(), Duration::from_secs(5));
        assert!(root.bytes() > 0);
        assert!(
            matches!(root.waits_for(), [WaitsFor::Timer { due_in, .. }] if *due_in == HOUR - Duration::from_secs(5))
        );
    });
}

#[co::coroutine]
fn child(of: Future<()>) {
    yield_!(of);
}

#[co::coroutine]
fn parent(of: Future<()>) {
    yield_!(child(of));
}

#[test]
fn a_coroutine_stands_below_the_one_that_waits_for_it() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let _parent = parent(future);
        assert_dump(
            &io_loop,
            "
            dump::parent #0 at HERE, yielding `child(of)`, suspended for 0 ms
              dump::child #1 at HERE, yielding `of`, suspended for 0 ms
                -> a promise made at HERE
            ",
        );
    });
}

#[co::coroutine(lazy)]
fn lazy_inner(of: Future<()>) {
    yield_!(of);
}

#[co::coroutine(lazy)]
fn lazy_outer(of: Future<()>) {
    yield_!(lazy_inner(of));
}

#[co::coroutine]
fn eager(of: Future<()>) {
    yield_!(lazy_outer(of));
}

#[test]
fn lazy_coroutines_appear_inside_their_parent() {
    with_loop(|io_loop| {
        let (promise, future) = promise();
        let eager = eager(future);
        assert_dump(
            &io_loop,
            "
            dump::eager #0 at HERE, yielding `lazy_outer(of)`, suspended for 0 ms
              dump::lazy_outer #p1 (lazy) at HERE, yielding `lazy_inner(of)`, suspended for 0 ms
                dump::lazy_inner #p2 (lazy) at HERE, yielding `of`, suspended for 0 ms
                  -> a promise made at HERE
            ",
        );
        promise.set_result(());
        turns(&io_loop, 1);
        assert!(eager.done());
        assert_dump(&io_loop, "");
    });
}

#[co::generator(yield = u8)]
async fn numbers(of: Future<()>) {
    yield_!(1);
    of.await;
    yield_!(2);
}

#[co::coroutine]
fn consumer(of: Future<()>) {
    let mut numbers = pin!(numbers(of));
    while yield_!(co::next(&mut numbers)).is_some() {}
}

#[test]
fn an_async_generator_appears_inside_its_parent() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let _consumer = consumer(future);
        assert_dump(
            &io_loop,
            "
            dump::consumer #0 at HERE, yielding `co::next(&mut numbers)`, suspended for 0 ms
              dump::numbers #p1 (generator) at HERE, yielding `of`, suspended for 0 ms
                -> a promise made at HERE
            ",
        );
    });
}

#[co::coroutine]
fn list(members: Vec<Future<()>>) {
    yield_!(members);
}

#[co::coroutine]
fn tuple(one: Future<()>, two: Future<()>) {
    yield_!((one, lazy_inner(two), sleeper(HOUR)));
}

#[test]
fn members_of_lists_and_tuples_wait_each_for_its_own() {
    with_loop(|io_loop| {
        let promises = [promise(), promise(), promise(), promise()];
        let [(_a, a), (_b, b), (_c, c), (_d, d)] = promises;
        let _list = list(vec![a, sleeper(HOUR), child(b)]);
        let _tuple = tuple(c, d);
        assert_dump(
            &io_loop,
            "
            dump::list #2 at HERE, yielding `members`, suspended for 0 ms
              member 0: suspended for 0 ms
                -> a promise made at HERE
              member 1: suspended for 0 ms
                dump::sleeper #0 at HERE, yielding `co::sleep(time)`, suspended for 0 ms
                  -> a timer, due in 59 min 59 s
              member 2: suspended for 0 ms
                dump::child #1 at HERE, yielding `of`, suspended for 0 ms
                  -> a promise made at HERE
            dump::tuple #3 at HERE, yielding `(one, lazy_inner(two), sleeper(HOUR))`, suspended for 0 ms
              member 0: suspended for 0 ms
                -> a promise made at HERE
              member 1: suspended for 0 ms
                dump::lazy_inner #p6 (lazy) at HERE, yielding `of`, suspended for 0 ms
                  -> a promise made at HERE
              member 2: suspended for 0 ms
                dump::sleeper #4 at HERE, yielding `co::sleep(time)`, suspended for 0 ms
                  -> a timer, due in 59 min 59 s
            ",
        );
    });
}

#[co::coroutine]
fn waiter(of: SharedFuture<()>) {
    yield_!(of);
}

#[test]
fn one_that_several_wait_for_appears_once_and_is_named_elsewhere() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let shared = child(future).shared();
        let _waiters = (waiter(shared.clone()), waiter(shared));
        assert_dump(
            &io_loop,
            "
            dump::waiter #1 at HERE, yielding `of`, suspended for 0 ms
              -> the shared result of dump::child #0
              dump::child #0 at HERE, yielding `of`, suspended for 0 ms
                -> a promise made at HERE
            dump::waiter #2 at HERE, yielding `of`, suspended for 0 ms
              -> the shared result of dump::child #0
            ",
        );
    });
}

#[test]
fn a_shared_promise_says_so() {
    with_loop(|io_loop| {
        let (_promise, future) = promise();
        let _waiter = waiter(future.shared());
        assert_dump(
            &io_loop,
            "
            dump::waiter #0 at HERE, yielding `of`, suspended for 0 ms
              -> a shared promise made at HERE
            ",
        );
    });
}

#[co::coroutine]
fn locked(first: Lock, second: Lock) {
    let _first = yield_!(first.acquire());
    yield_!(co::moment());
    let _second = yield_!(second.acquire());
}

#[test]
fn two_that_hold_each_others_locks_are_shown_with_who_holds_them() {
    with_loop(|io_loop| {
        let (a, b) = (Lock::new(()), Lock::new(()));
        let _both = (locked(a.clone(), b.clone()), locked(b, a));
        let error = io_loop.start().expect_err("it fails");
        assert!(error.is_deadlock());
        let expected = "
            dump::locked #0 at HERE, yielding `second.acquire()`, suspended for 0 ms
              -> a lock made at HERE, held by dump::locked #1
            dump::locked #1 at HERE, yielding `second.acquire()`, suspended for 0 ms
              -> a lock made at HERE, held by dump::locked #0
            ";
        assert_dump(&io_loop, expected);
        assert!(
            error.to_string().contains(", held by dump::locked #1"),
            "{error}"
        );
        assert_eq!(error.suspended().len(), 2);
        assert_eq!(error.dump().map(Dump::len), Some(2));
    });
}

#[co::coroutine]
fn holds_for_its_successor(lock: Lock) {
    let _held = yield_!(lock.acquire());
    yield_!(co::sleep(HOUR));
}

#[test]
fn the_holder_of_a_lock_is_the_one_who_was_served() {
    with_loop(|io_loop| {
        let lock = Lock::new(());
        let held = lock.try_acquire().expect("it is there");
        let _three = [1, 2, 3].map(|_| holds_for_its_successor(lock.clone()));
        let waits = |io_loop: &IoLoop| -> Vec<String> {
            let text = text(io_loop);
            let lines = text.lines().filter(|line| line.contains("a lock"));
            lines.map(|line| line.trim().to_owned()).collect()
        };
        assert_eq!(waits(&io_loop), ["-> a lock made at HERE"; 3]);
        drop(held);
        assert_eq!(
            waits(&io_loop),
            ["-> a lock made at HERE, held by dump::holds_for_its_successor #0"; 2]
        );
        turns(&io_loop, 1);
        assert_eq!(
            waits(&io_loop),
            ["-> a lock made at HERE, held by dump::holds_for_its_successor #0"; 2]
        );
    });
}

/// The waits of the only root.
fn waits(io_loop: &IoLoop) -> Vec<String> {
    let text = text(io_loop);
    let waits = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("-> "));
    waits.map(str::to_owned).collect()
}

#[track_caller]
fn assert_waits_for<F: std::future::Future + 'static>(wait: impl FnOnce() -> F, expected: &str) {
    let io_loop = IoLoop::instance();
    let future = wait();
    let waiting = co::block::coroutine! { yield_!(future); };
    // The first event of a fresh socket says that it can be written to.
    turns(&io_loop, 3);
    assert_eq!(waits(&io_loop), [expected]);
    waiting.cancel();
    assert!(io_loop.dump().is_empty());
}

#[test]
fn each_kind_of_wait_is_named() {
    with_loop(|_| {
        let condition = Condition::new();
        assert_waits_for(|| condition.wait(), "a condition made at HERE");
        let event = Event::new();
        assert_waits_for(|| event.wait(), "an event made at HERE");
        let semaphore = Semaphore::new(0);
        assert_waits_for(|| semaphore.acquire(), "a semaphore made at HERE");
        let queue = Queue::<u8>::new(1);
        assert_waits_for(|| queue.get(), "an item of a queue made at HERE");
        queue.put_nowait(1).expect("it is there");
        assert_waits_for(|| queue.put(2), "room in a queue made at HERE");
        assert_waits_for(
            || queue.join(),
            "the end of all work of a queue made at HERE",
        );
        let mut watch = Watch::new(0);
        assert_waits_for(
            move || async move { drop(watch.changed().await) },
            "a change of a value made at HERE",
        );
        let hangup = signal::signal(SignalKind::HANGUP).expect("it is there");
        assert_waits_for(|| async move { hangup.recv().await }, "the signal SIGHUP");
        let name = std::any::type_name::<std::future::Pending<()>>();
        assert_waits_for(std::future::pending::<()>, &format!("a future `{name}`"));
    });
}

#[test]
fn a_socket_is_named_with_its_addresses() {
    with_loop(|io_loop| {
        let listener = TcpListener::bind("127.0.0.1:0").expect("it is there");
        let peer = listener.local_addr().expect("it is there");
        let read = co::block::coroutine! {
            let mut stream = (yield TcpStream::connect(peer))?;
            let mut buffer = [0; 8];
            futures_util::AsyncReadExt::read(&mut stream, &mut buffer).await
        };
        let (server, local) = listener.accept().expect("it is there");
        turns(&io_loop, 3);
        let dump = io_loop.dump();
        let root = dump.roots().next().expect("it is there");
        let [
            WaitsFor::Io {
                writable: false,
                local: at,
                peer: with,
                ..
            },
        ] = root.waits_for()
        else {
            panic!("{dump}");
        };
        assert_eq!((*at, *with), (Some(local), Some(peer)));
        drop(server);
        let read: io::Result<usize> = io_loop.run_sync(|| read).expect("it is there");
        assert_eq!(read.expect("it is there"), 0);
    });
}

#[co::coroutine(lazy)]
fn naps() {
    yield_!(co::sleep(HOUR));
}

#[test]
fn a_time_limit_stands_beside_what_it_limits() {
    with_loop(|io_loop| {
        let (_promise, future) = promise::<()>();
        let _limited = (
            co::block::coroutine! { yield co::with_timeout(HOUR, future) },
            co::block::coroutine! { yield co::with_timeout(HOUR, naps()) },
            co::block::coroutine! { yield co::with_timeout(HOUR, std::future::pending::<()>()) },
        );
        let name = std::any::type_name::<std::future::Pending<()>>();
        assert_dump(
            &io_loop,
            &format!("
            dump::coroutine #0 at HERE, yielding `co::with_timeout(HOUR, future)`, suspended for 0 ms
              -> a promise made at HERE
              -> its time limit, in 59 min 59 s
            dump::coroutine #1 at HERE, yielding `co::with_timeout(HOUR, naps())`, suspended for 0 ms
              -> its time limit, in 59 min 59 s
              dump::naps #p1 (lazy) at HERE, yielding `co::sleep(HOUR)`, suspended for 0 ms
                -> a timer, due in 59 min 59 s
            dump::coroutine #2 at HERE, yielding `co::with_timeout(HOUR, std::future::pending::<()>())`, suspended for 0 ms
              -> its time limit, in 59 min 59 s
              -> a future `{name}`
            "),
        );
    });
}

#[test]
fn what_a_wait_iterator_waits_for_are_its_members() {
    with_loop(|io_loop| {
        let [(_a, a), (_b, b)] = [promise(), promise()];
        let _iterating = co::block::coroutine! {
            let mut waiter = WaitIterator::new([child(a), child(b)]);
            yield waiter.next();
        };
        let dump = io_loop.dump();
        let root = dump.roots().next().expect("it is there");
        let members: Vec<_> = root.children().map(co::DumpNode::kind).collect();
        assert_eq!(
            members,
            [DumpKind::Member(0), DumpKind::Member(1)],
            "{dump}"
        );
        let names: Vec<_> = root
            .children()
            .flat_map(co::DumpNode::children)
            .map(co::DumpNode::name)
            .collect();
        assert_eq!(names, ["child", "child"]);
    });
}

#[test]
fn one_that_runs_says_so_and_others_that_were_woken_too() {
    with_loop(|io_loop| {
        let [(wakes, a), (_never, b)] = [promise(), promise()];
        let looks = co::block::coroutine! {
            yield co::moment();
            wakes.set_result(());
            let dump = IoLoop::current().dump();
            dump.iter().map(|node| (node.name().to_owned(), node.status())).collect::<Vec<_>>()
        };
        let _others = (child(a), child(b));
        let mut seen = io_loop.run_sync(|| looks).expect("it is there");
        seen.sort_by_key(|(_, status)| format!("{status:?}"));
        let name = |name: &str| name.to_owned();
        assert_eq!(
            seen,
            [
                (name("child"), Status::Ready),
                (name("coroutine"), Status::Running),
                (name("child"), Status::Suspended),
            ]
        );
    });
}

#[co::coroutine]
fn dumps_at_once() -> Dump {
    IoLoop::current().dump()
}

#[test]
fn one_that_runs_for_the_first_time_is_there() {
    with_loop(|_| {
        let mut dumped = dumps_at_once();
        let dump = dumped.result().expect("it is there");
        let nodes: Vec<_> = dump
            .roots()
            .map(|root| (root.name(), root.status()))
            .collect();
        assert_eq!(nodes, [("dumps_at_once", Status::Running)]);
    });
}

#[test]
fn work_on_another_thread_and_child_processes_are_named() {
    with_loop(|io_loop| {
        let (ends, ended) = std::sync::mpsc::channel::<()>();
        let job = io_loop.run_in_executor(move || ended.recv().is_err());
        let child = Subprocess::spawn(
            std::process::Command::new("cat").stdin(std::process::Stdio::piped()),
        )
        .expect("it is there");
        let end = child.wait_for_exit();
        let _ended = co::block::coroutine! { let _ = yield end; };
        turns(&io_loop, 3);
        let found = waits(&io_loop);
        assert!(
            found.contains(&"work on another thread".to_owned()),
            "{found:?}"
        );
        assert!(
            found.contains(&"the end of a child process".to_owned()),
            "{found:?}"
        );
        child.kill().expect("it is there");
        drop(ends);
        assert!(io_loop.run_sync(|| job).expect("it is there"));
    });
}

#[co::coroutine(name = "fetch {url} {{{number:02}}}")]
fn fetch(url: String, number: u8) -> Result<String, String> {
    yield_!(co::sleep(HOUR));
    Err(format!("{url} has no {number}"))
}

#[co::coroutine(lazy, name = "part {number}")]
fn named_part(number: u8) -> u8 {
    yield_!(co::sleep(HOUR));
    number
}

#[co::coroutine(name = "plain")]
fn named() {
    yield_!((named_part(1), named_part(2)));
}

#[test]
fn names_have_the_arguments_with_which_the_coroutine_was_called() {
    with_loop(|io_loop| {
        let fetch = fetch("http://x".to_owned(), 7);
        let _named = named();
        let dump = io_loop.dump();
        let names: Vec<_> = dump.iter().map(co::DumpNode::name).collect();
        assert_eq!(
            names,
            ["fetch http://x {07}", "plain", "", "part 1", "", "part 2"]
        );
        let text = dump.to_string();
        assert!(
            text.contains("\nfetch http://x {07} #0 at ") && text.contains("\nplain #1 at "),
            "{text}"
        );
        assert!(format!("{fetch:?}").contains("fetch http://x {07}"));
    });
}
