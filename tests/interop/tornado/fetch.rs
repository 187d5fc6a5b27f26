//! A client for a Tornado server.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;
use std::time::{Duration, Instant};

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{
    AsyncHttpClient, BodyWriter, Bytes, HttpError, HttpRequest, HttpResponse, Message, Method,
    StatusCode, websocket_connect,
};

type Outcome = Result<(), Box<dyn Error>>;

pub(crate) fn run(base: String) -> Outcome {
    IoLoop::current().run_sync(|| talk(base.into()))?
}

/// What is tried, and how it is called.
type Check = (&'static str, fn(Rc<str>) -> co::Future<Outcome>);

const CHECKS: [Check; 15] = [
    ("plain", plain),
    ("methods and bodies", methods_and_bodies),
    ("chunked upload", chunked_upload),
    ("redirects", redirects),
    ("large chunked body", large_chunked_body),
    ("gzip", gzip),
    ("timeouts", timeouts),
    ("auth", auth),
    ("errors", errors),
    ("100-continue", hundred_continue),
    ("keep-alive", keep_alive),
    ("many at once", many_at_once),
    ("callback form", callback_form),
    ("cut short", cut_short),
    ("websocket", websocket),
];

#[co::coroutine]
fn talk(base: Rc<str>) -> Outcome {
    for (name, check) in CHECKS {
        let checked = check(base.clone());
        yield_!(co::with_timeout(Duration::from_secs(20), checked))?
            .map_err(|error| format!("{name}: {error}"))?;
        println!("  this client: {name}");
    }
    Ok(())
}

fn fetch(request: HttpRequest) -> co::Future<Result<HttpResponse, HttpError>> {
    AsyncHttpClient::new().fetch(request)
}

fn get(base: &str, path: &str) -> HttpRequest {
    HttpRequest::new(format!("{base}{path}"))
}

fn expect(holds: bool, what: &str) -> Outcome {
    match holds {
        true => Ok(()),
        false => Err(format!("it is not so that {what}").into()),
    }
}

#[co::coroutine]
fn plain(base: Rc<str>) -> Outcome {
    let response = yield_!(fetch(get(&base, "/hello?name=Ada%20L.")))?;
    expect(response.text() == "Hello, Ada L.", "the name is greeted")?;
    let head = yield_!(fetch(get(&base, "/hello").method(Method::HEAD)))?;
    expect(head.body().is_empty(), "HEAD has no body")?;
    expect(
        head.header("Content-Length") == Some("12"),
        "HEAD tells the length",
    )
}

#[co::coroutine]
fn methods_and_bodies(base: Rc<str>) -> Outcome {
    for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let body = b"\x00binary\xff".repeat(1000);
        let request = get(&base, "/echo")
            .method(method.clone())
            .body(body.clone());
        let response = yield_!(fetch(request.allow_nonstandard_methods(true)))?;
        expect(
            response.header("X-Method") == Some(method.as_str()),
            "the method arrives",
        )?;
        expect(*response.body() == body, "the body comes back")?;
    }
    Ok(())
}

#[co::coroutine]
fn produce(body: BodyWriter) -> Result<(), HttpError> {
    for number in 0..100 {
        yield_!(body.write(format!("{number:04}").repeat(1000)))?;
    }
    Ok(())
}

#[co::coroutine]
fn chunked_upload(base: Rc<str>) -> Outcome {
    let request = HttpRequest::post(format!("{base}/echo"), "").body_producer(produce);
    let response = yield_!(fetch(request))?;
    expect(response.body().len() == 400_000, "all of it comes back")?;
    expect(response.text().ends_with("0099"), "in order")?;
    expect(
        response.header("X-Framing") == Some("chunked"),
        "it was chunked",
    )
}

#[co::coroutine]
fn redirects(base: Rc<str>) -> Outcome {
    let response = yield_!(fetch(get(&base, "/redirect?left=3")))?;
    expect(
        response.effective_url().as_str().ends_with("left=0"),
        "it arrives",
    )?;
    let error = yield_!(fetch(get(&base, "/redirect?left=9"))).expect_err("it should fail");
    expect(error.is_redirect(), "nine redirects are too many")?;
    for (code, arrived) in [
        (307, "POST"),
        (308, "POST"),
        (303, "GET"),
        (302, "GET"),
        (301, "GET"),
    ] {
        let url = format!("{base}/redirect?left=1&code={code}");
        let response = yield_!(fetch(HttpRequest::post(url, "a=b")))?;
        expect(
            response.text() == format!("arrived by {arrived}"),
            &format!("{code} becomes {arrived}"),
        )?;
    }
    Ok(())
}

#[co::coroutine]
fn large_chunked_body(base: Rc<str>) -> Outcome {
    let length = Rc::new(Cell::new(0));
    let count = length.clone();
    let on_chunk = move |chunk: Bytes| count.set(count.get() + chunk.len());
    yield_!(fetch(get(&base, "/large").streaming_callback(on_chunk)))?;
    expect(length.get() == 80 * 65536, "all chunks come")?;
    let limited = get(&base, "/large").max_body_size(1_000_000);
    let error = yield_!(fetch(limited)).expect_err("it should fail");
    expect(error.is_body_too_large(), "the limit holds")
}

#[co::coroutine]
fn gzip(base: Rc<str>) -> Outcome {
    let response = yield_!(fetch(get(&base, "/text")))?;
    expect(response.body().len() == 21 * 5000, "it is decompressed")?;
    expect(
        response.header("X-Consumed-Content-Encoding") == Some("gzip"),
        "it was compressed",
    )?;
    let response = yield_!(fetch(get(&base, "/text").decompress_response(false)))?;
    expect(
        response.header("Content-Encoding").is_none(),
        "nothing else was asked for",
    )
}

#[co::coroutine]
fn timeouts(base: Rc<str>) -> Outcome {
    let began = Instant::now();
    let request = get(&base, "/slow").request_timeout(Duration::from_millis(300));
    let error = yield_!(fetch(request)).expect_err("it should fail");
    expect(error.is_timeout(), "it times out")?;
    expect(
        began.elapsed() < Duration::from_secs(2),
        "it does so in time",
    )
}

#[co::coroutine]
fn auth(base: Rc<str>) -> Outcome {
    let error = yield_!(fetch(get(&base, "/auth"))).expect_err("it should fail");
    expect(
        error.status() == Some(StatusCode::UNAUTHORIZED),
        "nobody is let in",
    )?;
    let response = yield_!(fetch(get(&base, "/auth").auth("ada", "s3cret")))?;
    expect(response.text() == "welcome", "Ada is")?;
    let with_name = base.replace("http://", "http://ada:s3cret@");
    let response = yield_!(fetch(get(&with_name, "/auth")))?;
    expect(response.text() == "welcome", "the URL may have her name")
}

#[co::coroutine]
fn errors(base: Rc<str>) -> Outcome {
    for (path, code) in [("/nowhere", 404), ("/status/418", 418), ("/echo", 405)] {
        let error = yield_!(fetch(get(&base, path))).expect_err("it should fail");
        let told = error.status().map(|status| status.as_u16());
        expect(
            told == Some(code),
            &format!("{path} is answered with {code}"),
        )?;
        expect(error.response().is_some(), "the error carries the response")?;
    }
    let response = yield_!(fetch(get(&base, "/status/204")))?;
    expect(
        response.code() == 204 && response.body().is_empty(),
        "204 is none",
    )?;
    let refused =
        yield_!(fetch(HttpRequest::new("http://127.0.0.1:1/"))).expect_err("it should fail");
    expect(refused.is_connect(), "nobody listens at port 1")
}

#[co::coroutine]
fn hundred_continue(base: Rc<str>) -> Outcome {
    let request = HttpRequest::post(format!("{base}/echo"), vec![b'x'; 100_000]);
    let response = yield_!(fetch(request.expect_100_continue(true)))?;
    expect(response.body().len() == 100_000, "the body follows")
}

#[co::coroutine]
fn keep_alive(base: Rc<str>) -> Outcome {
    let first = yield_!(fetch(get(&base, "/port")))?;
    let second = yield_!(fetch(get(&base, "/port")))?;
    expect(
        first.body() == second.body(),
        "two requests share a connection",
    )?;
    let other = AsyncHttpClient::builder().keep_alive(false).build();
    let first = yield_!(other.fetch(get(&base, "/port")))?;
    let second = yield_!(other.fetch(get(&base, "/port")))?;
    expect(first.body() != second.body(), "unless told otherwise")
}

#[co::coroutine]
fn many_at_once(base: Rc<str>) -> Outcome {
    let ask = |number| fetch(get(&base, &format!("/hello?name={number}")));
    let responses = yield_!((0..200).map(ask).collect::<Vec<_>>());
    for (number, response) in responses.into_iter().enumerate() {
        expect(
            response?.text() == format!("Hello, {number}"),
            "each has its own",
        )?;
    }
    Ok(())
}

#[co::coroutine]
fn callback_form(base: Rc<str>) -> Outcome {
    let (promise, future) = co::promise();
    AsyncHttpClient::new().fetch_with_callback(get(&base, "/hello"), move |response| {
        promise.set_result(response.map(|response| response.text().into_owned()));
    });
    expect(
        yield_!(future)? == "Hello, world",
        "the callback has the response",
    )
}

#[co::coroutine]
fn cut_short(base: Rc<str>) -> Outcome {
    let error = yield_!(fetch(get(&base, "/broken"))).expect_err("it should fail");
    expect(error.is_lost(), "what is not complete is an error")?;
    let response = yield_!(fetch(get(&base, "/hello")))?;
    expect(response.code() == 200, "the next request works")
}

#[co::coroutine]
fn websocket(base: Rc<str>) -> Outcome {
    let socket = yield_!(websocket_connect(format!(
        "{}/socket",
        base.replace("http", "ws")
    )))?;
    for message in [
        Message::from("text"),
        Message::from("ü".repeat(70_000)),
        Message::from(vec![255; 70_000]),
    ] {
        yield_!(socket.write_message(message.clone()))?;
        expect(
            yield_!(socket.read_message())? == Some(message),
            "the message comes back",
        )?;
    }
    socket.close(1000, "enough");
    expect(yield_!(socket.read_message())?.is_none(), "it closes")?;
    expect(socket.close_code() == Some(1000), "as it was asked to")
}
