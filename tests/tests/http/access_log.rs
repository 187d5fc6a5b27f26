//! What is logged of each response.

use std::cell::RefCell;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{Application, RequestHandler};
use coroutine_tests::{LIMIT, logged, watchdog};

use super::support::{get, is_access, run, serve, warnings};

fn application() -> Application {
    Application::new()
        .get("/a", |mut handler: RequestHandler| handler.write("a"))
        .get("/fails", |_: RequestHandler| Err::<(), _>("no"))
        .get("/streams", streams)
}

#[co::coroutine]
fn streams(mut handler: RequestHandler) {
    handler.write("a");
    yield_!(handler.flush()).expect("a client");
    yield_!(co::moment());
    handler.write("b");
}

#[co::coroutine]
fn visit(application: Application) {
    let server = serve(application);
    yield_!(get(&server, "/a?b")).expect("an answer");
    yield_!(get(&server, "/streams")).expect("an answer");
    yield_!(get(&server, "/nowhere")).expect_err("a failure");
    yield_!(get(&server, "/fails")).expect_err("a failure");
}

#[test]
fn each_response_is_a_line_as_grave_as_its_status() {
    let lines = watchdog(LIMIT, || logged(|| run(|| visit(application()))));
    let lines: Vec<_> = lines.iter().filter(|line| is_access(line)).collect();
    let begins = [
        "INFO 200 GET /a?b (127.0.0.1) ",
        "INFO 200 GET /streams (127.0.0.1) ",
        "WARN 404 GET /nowhere (127.0.0.1) ",
        "ERROR 500 GET /fails (127.0.0.1) ",
    ];
    assert_eq!(lines.len(), begins.len(), "{lines:#?}");
    for (line, begin) in lines.iter().zip(begins) {
        let time = line.strip_prefix(begin).expect("its beginning");
        let time = time.strip_suffix("ms").expect("a unit");
        assert_eq!(
            time.split_once('.').expect("a fraction").1.len(),
            2,
            "{line}"
        );
    }
}

#[test]
fn a_function_may_take_the_place_of_the_log() {
    let lines = watchdog(LIMIT, || {
        logged(|| {
            run(|| {
                co::block::coroutine! {
                    let seen = Rc::new(RefCell::new(Vec::new()));
                    let log = seen.clone();
                    let application = application().log_function(move |record| {
                        assert_eq!(record.method(), "GET");
                        assert!(record.remote_ip().expect("an address").is_loopback());
                        log.borrow_mut().push(format!("{} {}", record.status().as_u16(), record.uri()));
                    });
                    yield_!(visit(application));
                    assert_eq!(*seen.borrow(), ["200 /a?b", "200 /streams", "404 /nowhere", "500 /fails"]);
                }
            });
        })
    });
    assert!(!lines.iter().any(|line| is_access(line)), "{lines:#?}");
}

#[test]
fn a_log_function_that_panics_is_logged_and_the_response_stays() {
    let lines = warnings(|| {
        let application = Application::new()
            .get("/", |mut handler: RequestHandler| handler.write("a"))
            .log_function(|_| panic!("not to be logged"));
        co::block::coroutine! {
            let server = serve(application);
            assert_eq!(yield_!(get(&server, "/")).expect("an answer").text(), "a");
        }
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].contains("the log function failed: it panicked: not to be logged"),
        "{lines:?}"
    );
}
