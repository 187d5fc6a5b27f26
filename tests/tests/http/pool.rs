//! Connections that the client keeps.

use std::net::Shutdown;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core as co;
use coroutine_core::IoLoop;
use coroutine_http::{Application, AsyncHttpClient, HttpClient, HttpRequest, RequestHandler};
use coroutine_tests::{LIMIT, watchdog, with_loop};

use super::client_support::{HELLO, Script, fetch, text};
use super::support::{ServerThread, until};

#[co::test(timeout = 10)]
fn a_connection_is_used_again() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::new();
    for _ in 0..4 {
        assert_eq!(yield_!(text(client.clone(), script.url.clone())), "hello");
        assert_eq!(client.idle_connections(), 1);
    }
    assert_eq!(script.numbers(), [0, 0, 0, 0]);
}

#[co::test(timeout = 10)]
fn requests_at_once_have_connections_of_their_own_which_are_kept_up_to_a_number() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::builder().max_idle_per_host(2).build();
    let all: Vec<_> = (0..4)
        .map(|_| text(client.clone(), script.url.clone()))
        .collect();
    yield_!(all);
    assert_eq!(client.idle_connections(), 2);
    let mut numbers = script.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

#[co::test(timeout = 10)]
fn a_connection_that_its_server_closes_is_noticed_and_dropped() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::new();
    yield_!(text(client.clone(), script.url.clone()));
    let stream = script.connections.borrow()[0].clone();
    stream.shutdown(Shutdown::Both).expect("an open connection");
    let noticing = client.clone();
    yield_!(until(move || noticing.idle_connections() == 0));
    yield_!(text(client, script.url.clone()));
    assert_eq!(script.numbers(), [0, 1]);
}

#[co::test(timeout = 10)]
fn a_response_that_says_close_ends_its_connection() {
    let closing = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
    let script = Script::new(&[closing, HELLO]);
    let client = AsyncHttpClient::new();
    yield_!(text(client.clone(), script.url.clone()));
    assert_eq!(client.idle_connections(), 0);
    yield_!(text(client.clone(), script.url.clone()));
    assert_eq!(script.numbers(), [0, 1]);
}

#[co::test(timeout = 10)]
fn a_request_that_says_close_and_a_client_without_keep_alive_end_connections() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::builder().keep_alive(false).build();
    yield_!(client.fetch(&script.url)).expect("an answer");
    let request = HttpRequest::new(&script.url).header("Connection", "close");
    yield_!(fetch(request)).expect("an answer");
    for n in 0..2 {
        assert!(
            script.head(n).contains("connection: close\r\n"),
            "{}",
            script.head(n)
        );
    }
    assert_eq!(client.idle_connections(), 0);
    assert_eq!(AsyncHttpClient::new().idle_connections(), 0);
}

#[co::test(timeout = 10)]
fn a_request_that_meets_the_closing_of_its_connection_is_sent_again() {
    let script = Script::new(&[HELLO, "<close>", HELLO]);
    let client = AsyncHttpClient::new();
    yield_!(text(client.clone(), script.url.clone()));
    assert_eq!(yield_!(text(client, script.url.clone())), "hello");
    assert_eq!(script.numbers(), [0, 0, 1]);
}

#[co::test(timeout = 10)]
fn a_request_is_not_sent_a_third_time() {
    let script = Script::new(&[HELLO, "<close>"]);
    yield_!(text(AsyncHttpClient::new(), script.url.clone()));
    let error = yield_!(fetch(HttpRequest::new(&script.url))).expect_err("no answer");
    assert!(error.is_lost(), "{error}");
    assert_eq!(script.numbers(), [0, 0, 1]);
}

#[co::test(timeout = 10)]
fn a_post_that_may_have_arrived_is_not_sent_again() {
    let script = Script::new(&[HELLO, "<close>", HELLO]);
    yield_!(text(AsyncHttpClient::new(), script.url.clone()));
    let error = yield_!(fetch(HttpRequest::post(&script.url, ""))).expect_err("no answer");
    assert!(error.is_lost(), "{error}");
    assert_eq!(script.numbers(), [0, 0]);
}

#[co::test(timeout = 10)]
fn a_response_that_has_begun_is_not_asked_for_again() {
    let script = Script::new(&[HELLO, "HTTP/1.1 200 OK\r\nX-<close>", HELLO]);
    yield_!(text(AsyncHttpClient::new(), script.url.clone()));
    let error = yield_!(fetch(HttpRequest::new(&script.url))).expect_err("half an answer");
    assert!(error.is_lost(), "{error}");
    assert_eq!(script.numbers(), [0, 0]);
}

#[co::test(timeout = 10)]
fn a_connection_whose_response_was_not_read_is_not_used_again() {
    let big = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    let script = Script::new(&[big, HELLO]);
    let request = HttpRequest::new(&script.url).max_body_size(10);
    let error = yield_!(fetch(request)).expect_err("too long");
    assert!(error.is_body_too_large(), "{error}");
    assert_eq!(AsyncHttpClient::new().idle_connections(), 0);
    yield_!(text(AsyncHttpClient::new(), script.url.clone()));
    assert_eq!(script.numbers(), [0, 1]);
}

#[co::test(timeout = 10)]
fn a_fetch_that_is_cancelled_or_late_closes_its_connection() {
    let half = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
    let script = Script::new(&[half]);
    let fetching = fetch(HttpRequest::new(&script.url));
    let seen = script.seen.clone();
    yield_!(until(move || seen.borrow().len() == 1));
    fetching.cancel();
    let late = HttpRequest::new(&script.url).request_timeout(Duration::from_millis(20));
    assert!(yield_!(fetch(late)).expect_err("too late").is_timeout());
    for stream in script.connections.take() {
        yield_!(until(move || stream.is_touched()));
    }
    assert_eq!(AsyncHttpClient::new().idle_connections(), 0);
}

#[co::test(timeout = 10, virtual_clock)]
fn connections_that_were_idle_for_too_long_are_closed() {
    let script = Script::new(&[HELLO]);
    let limit = Duration::from_secs(10);
    let client = AsyncHttpClient::builder().idle_timeout(limit).build();
    yield_!(client.fetch(&script.url)).expect("an answer");
    yield_!(co::sleep(limit / 2));
    yield_!(client.fetch(&script.url)).expect("an answer");
    yield_!(co::sleep(limit));
    yield_!(client.fetch(&script.url)).expect("an answer");
    assert_eq!(script.numbers(), [0, 0, 1]);
    assert_eq!(client.idle_connections(), 1);
}

fn hello() -> Application {
    Application::new().get("/", |mut handler: RequestHandler| handler.write("hello"))
}

#[test]
fn a_loop_ends_though_connections_are_kept() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    with_loop(move |io_loop| {
        let client = AsyncHttpClient::new();
        let fetching = client.fetch(url);
        io_loop.start().expect("nothing is left to wait for");
        assert!(fetching.done());
        assert_eq!(client.idle_connections(), 1);
    });
}

#[co::coroutine]
fn fetch_and_get_stuck(url: String) {
    yield_!(AsyncHttpClient::new().fetch(url)).expect("an answer");
    let (_promise, never) = co::promise::<()>();
    yield_!(never);
}

#[test]
fn a_loop_that_can_never_wake_says_so_though_connections_are_kept() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    with_loop(move |io_loop| {
        let error = io_loop.run_sync(|| fetch_and_get_stuck(url));
        let error = error.expect_err("a coroutine that waits for ever");
        assert!(error.is_deadlock());
        assert_eq!(AsyncHttpClient::new().idle_connections(), 1);
    });
}

#[test]
fn the_client_of_a_loop_goes_with_the_loop_and_closes_its_connections() {
    watchdog(LIMIT, || {
        let io_loop = IoLoop::new().expect("descriptors");
        let (url, stream) = {
            let script = io_loop.run_sync(|| {
                co::block::coroutine! {
                    let script = Script::new(&[HELLO]);
                    yield text(AsyncHttpClient::new(), script.url.clone());
                    script
                }
            });
            let script = script.expect("an end");
            (script.url.clone(), script.connections.borrow()[0].clone())
        };
        assert!(url.starts_with("http"));
        assert!(!stream.is_touched());
        io_loop.close();
        assert!(stream.is_touched());
    });
}

#[co::test(timeout = 10)]
fn the_client_of_a_loop_is_one_and_a_closed_one_is_replaced() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::new();
    yield_!(client.fetch(&script.url)).expect("an answer");
    assert_eq!(AsyncHttpClient::new().idle_connections(), 1);
    client.close();
    assert_eq!(client.idle_connections(), 0);
    let error = yield_!(client.fetch(&script.url)).expect_err("a closed client");
    assert!(error.is_closed(), "{error}");
    yield_!(AsyncHttpClient::new().fetch(&script.url)).expect("an answer");
    assert_eq!(script.numbers(), [0, 1]);
}

#[co::test(timeout = 10)]
fn a_request_that_is_under_way_when_its_client_is_closed_is_brought_to_its_end() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::builder().build();
    let fetching = client.fetch(&script.url);
    client.close();
    assert_eq!(yield_!(fetching).expect("an answer").text(), "hello");
    assert_eq!(client.idle_connections(), 0);
}

#[test]
fn a_client_may_be_used_on_one_loop_after_another() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    watchdog(LIMIT, move || {
        let client = AsyncHttpClient::builder().build();
        for _ in 0..2 {
            let io_loop = IoLoop::new().expect("descriptors");
            for _ in 0..2 {
                let (client, url) = (client.clone(), url.clone());
                let text = io_loop.run_sync(move || text(client, url));
                assert_eq!(text.expect("an end"), "hello");
            }
            assert_eq!(client.idle_connections(), 1);
        }
    });
}

#[test]
fn a_blocking_client_keeps_its_connection_and_finds_out_that_it_was_closed_meanwhile() {
    let (address, accepted) = serve_each_once();
    watchdog(LIMIT, move || {
        let client = HttpClient::new();
        let url = format!("http://{address}/");
        client.fetch(&url).expect("an answer");
        std::thread::sleep(Duration::from_millis(600));
        // Not sent twice, and nobody has looked at the connection meanwhile.
        client
            .fetch(HttpRequest::post(&url, ""))
            .expect("an answer");
    });
    assert_eq!(accepted.join().expect("a server"), 2);
}

/// A server on a thread that closes each of two connections after its answer, without having said so.
fn serve_each_once() -> (std::net::SocketAddr, std::thread::JoinHandle<usize>) {
    use std::io::{Read, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let serving = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().expect("a client");
            let mut head = [0; 4096];
            assert!(stream.read(&mut head).expect("a request") > 0);
            stream
                .write_all(HELLO.as_bytes())
                .expect("a client that reads");
        }
        2
    });
    (address, serving)
}

#[co::test(timeout = 10)]
fn dropping_a_client_closes_its_connections() {
    let script = Script::new(&[HELLO]);
    let client = AsyncHttpClient::builder().build();
    yield_!(client.fetch(&script.url)).expect("an answer");
    let stream: Rc<_> = script.connections.borrow()[0].clone();
    drop(client);
    yield_!(until(move || stream.is_touched()));
}
