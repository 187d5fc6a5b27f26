//! Bodies in JSON.

use std::error::Error;

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, RequestHandler};
use serde::{Deserialize, Serialize};

use super::support::{answer, gave_up, posting, serve};

#[derive(Deserialize, Serialize)]
struct Point {
    x: i32,
    y: i32,
}

fn mirror(mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
    let Point { x, y } = handler.json()?;
    Ok(handler.write_json(&Point { x: y, y: x })?)
}

fn server() -> HttpServer {
    serve(Application::new().post("/", mirror))
}

#[co::test(timeout = 10)]
fn json_is_read_and_written() {
    let server = server();
    for kind in [
        "application/json",
        "Application/JSON; charset=utf-8",
        "application/geo+json",
    ] {
        let response = yield_!(answer(posting(&server, "/", kind, r#"{"x": 1, "y": 2}"#)));
        assert_eq!(response.text(), r#"{"x":2,"y":1}"#);
        assert_eq!(
            response.header("Content-Type"),
            Some("application/json; charset=UTF-8")
        );
    }
}

#[co::test(timeout = 10)]
fn another_type_is_415() {
    let server = server();
    for kind in ["text/plain", "application/jsonp", "text/json+json"] {
        let response = yield_!(answer(posting(&server, "/", kind, r#"{"x": 1, "y": 2}"#)));
        assert_eq!(response.code(), 415, "{kind}");
    }
}

#[test]
fn what_is_no_json_is_400_and_says_where() {
    let lines = gave_up(broken);
    assert!(lines[0].contains("line 2 column 4"), "{lines:#?}");
    assert!(lines[1].contains("missing field `y`"), "{lines:#?}");
}

#[co::coroutine]
fn broken() {
    let server = server();
    for body in ["{\"x\":\n 1 2}", "{\"x\": 1}", "", "\u{feff}{}"] {
        let response = yield_!(answer(posting(&server, "/", "application/json", body)));
        assert_eq!(response.code(), 400, "{body}");
    }
}

#[co::test(timeout = 10)]
fn what_json_cannot_say_is_an_error_of_the_handler() {
    fn write(mut handler: RequestHandler) -> Result<(), serde_json::Error> {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        handler.write_json(&map)
    }
    let server = serve(Application::new().post("/", write));
    assert_eq!(
        yield_!(answer(posting(&server, "/", "text/plain", ""))).code(),
        500
    );
}
