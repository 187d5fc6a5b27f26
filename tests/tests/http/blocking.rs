//! The client that blocks.

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, HttpClient, RequestHandler};
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
fn fetch_inside(url: String) -> String {
    yield_!(co::moment());
    let response = HttpClient::new().fetch(url).expect("an answer");
    yield_!(co::moment());
    response.text().into_owned()
}

#[test]
fn it_works_inside_a_running_loop() {
    let server = ServerThread::start(hello);
    let url = format!("http://{}/", server.address);
    watchdog(LIMIT, move || {
        let text = IoLoop::current().run_sync(|| fetch_inside(url));
        assert_eq!(text.expect("an end"), "hello");
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
