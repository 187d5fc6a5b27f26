//! The client that blocks.

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, HttpClient, HttpError, RequestHandler};
use coroutine_tests::{LIMIT, watchdog};

use super::support::ServerThread;

fn hello() -> Application {
    Application::new().get("/", |mut handler: RequestHandler| handler.write("hello"))
}

#[test]
fn it_fetches_without_a_loop() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    watchdog(LIMIT, move || {
        let client = HttpClient::new();
        for _ in 0..3 {
            let response = client.fetch(&*url).expect("an answer");
            assert_eq!(response.text(), "hello");
        }
    });
}

#[co::coroutine]
fn fetch_inside(url: String) -> HttpError {
    yield_!(co::moment());
    HttpClient::new().fetch(url).expect_err("a loop that runs")
}

#[test]
fn it_refuses_where_a_loop_runs_and_says_what_to_use() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    watchdog(LIMIT, move || {
        let for_inside = url.clone();
        let error = IoLoop::current().run_sync(|| fetch_inside(for_inside));
        let error = error.expect("an end");
        assert!(error.is_running() && !error.is_request());
        assert!(error.to_string().contains("AsyncHttpClient"), "{error}");
        // The loop is there, and does not run.
        assert!(HttpClient::new().fetch(url).is_ok());
    });
}

#[test]
fn its_errors_are_those_of_the_other_client() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/nowhere", server.address);
    watchdog(LIMIT, move || {
        let client = HttpClient::new();
        let error = client.fetch(url).expect_err("a failure");
        assert_eq!(error.status().expect("a response").as_u16(), 404);
        assert!(client.fetch("nonsense").expect_err("no URL").is_request());
    });
}
