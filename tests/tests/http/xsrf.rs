//! Requests that pages of others might have sent.

use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{
    Application, HttpInputError, HttpServer, Method, RequestHandler, stream_request_body,
};

use super::support::{answer, posting, serve, to, warnings};

const FORM: &str = "application/x-www-form-urlencoded";

#[co::coroutine]
fn count(mut handler: RequestHandler) -> Result<(), HttpInputError> {
    let mut length = 0;
    while let Some(chunk) = yield_!(handler.read_chunk())? {
        length += chunk.len();
    }
    handler.write(format!("{length} bytes"));
    Ok(())
}

fn application() -> Application {
    Application::new()
        .xsrf_cookies(true)
        .xsrf_exempt(|request| {
            assert_ne!(request.path(), "/exempt/panic", "as it should");
            request.path().starts_with("/exempt/")
        })
        .get("/", |mut handler: RequestHandler| {
            let token = handler.xsrf_token();
            handler.write(token);
        })
        .post("/", |mut handler: RequestHandler| handler.write("posted"))
        .post("/stream", stream_request_body(count))
        .post("/exempt/{what}", |mut handler: RequestHandler| {
            handler.write("exempt");
        })
}

/// The token of a page, and the cookie that came with it.
#[co::coroutine]
fn page(server: Rc<HttpServer>) -> (String, String) {
    let response = yield_!(answer(to(&server, "/")));
    let set = response.header("Set-Cookie").expect("a cookie").to_owned();
    assert!(set.ends_with("; SameSite=Lax; Path=/"), "{set}");
    let cookie = set.split(';').next().unwrap_or_default().to_owned();
    (response.text().into_owned(), cookie)
}

#[co::test(timeout = 10)]
fn a_request_with_the_token_of_a_page_goes_through() {
    let server = Rc::new(serve(application()));
    let (token, cookie) = yield_!(page(server.clone()));
    let encoded = token.replace('|', "%7C");
    let bare = || posting(&server, "/", "text/plain", "x").header("Cookie", &*cookie);
    for request in [
        posting(&server, "/", FORM, format!("a=1&_xsrf={encoded}")).header("Cookie", &*cookie),
        posting(&server, &format!("/?_xsrf={encoded}"), FORM, "a=1").header("Cookie", &*cookie),
        bare().header("X-XSRFToken", &*token),
        bare().header("X-CSRFToken", &*token),
        bare().header("X-XSRFToken", cookie.trim_start_matches("_xsrf=")),
    ] {
        assert_eq!(yield_!(answer(request)).text(), "posted");
    }
    let streamed = posting(&server, "/stream", FORM, "abc").header("Cookie", &*cookie);
    let response = yield_!(answer(streamed.header("X-XSRFToken", &*token)));
    assert_eq!(response.text(), "3 bytes");
}

#[test]
fn a_request_without_it_is_answered_with_403() {
    let logged = warnings(forge);
    let tail = |line: &String| line.rsplit(": ").next().unwrap_or_default().to_owned();
    assert_eq!(
        logged.iter().map(tail).collect::<Vec<_>>(),
        [
            "the argument `_xsrf` is missing",
            "the argument `_xsrf` is missing",
            "the argument `_xsrf` is no token",
            "the cookie `_xsrf` is missing",
            "the cookie `_xsrf` is missing",
            "the argument `_xsrf` is not that of the cookie",
            "the argument `_xsrf` is missing",
        ],
        "{logged:#?}"
    );
}

#[co::coroutine]
fn forge() {
    let server = Rc::new(serve(application()));
    let (token, _) = yield_!(page(server.clone()));
    let (_, cookie) = yield_!(page(server.clone()));
    let post = || posting(&server, "/", FORM, "a=1");
    for request in [
        post(),
        post().header("Cookie", &*cookie),
        post()
            .header("Cookie", &*cookie)
            .header("X-XSRFToken", "2|||0"),
        post().header("X-XSRFToken", &*token),
        post()
            .header("Cookie", "_xsrf=2|||0")
            .header("X-XSRFToken", &*token),
        post()
            .header("Cookie", &*cookie)
            .header("X-XSRFToken", &*token),
        to(&server, "/nowhere").method(Method::DELETE),
        posting(&server, "/stream", FORM, "_xsrf=1"),
    ] {
        let response = yield_!(answer(request));
        assert!(matches!(response.code(), 403 | 404), "{response:?}");
    }
}

#[co::test(timeout = 10)]
fn a_token_is_another_text_each_time_and_the_cookie_is_kept() {
    let server = Rc::new(serve(application()));
    let (first, cookie) = yield_!(page(server.clone()));
    let again = yield_!(answer(to(&server, "/").header("Cookie", &*cookie)));
    assert_eq!(again.header("Set-Cookie"), None);
    assert_ne!(again.text(), first);
}

#[co::test(timeout = 10)]
fn requests_that_are_exempt_need_no_token() {
    let server = serve(application());
    let response = yield_!(answer(posting(&server, "/exempt/yes", FORM, "a=1")));
    assert_eq!(response.text(), "exempt");
    let response = yield_!(answer(posting(&server, "/exempt/panic", FORM, "a=1")));
    assert_eq!(response.code(), 403);
}

#[co::test(timeout = 10)]
fn an_error_page_after_a_token_sets_the_cookie_as_well() {
    let application = Application::new()
        .xsrf_cookies(true)
        .error_page(|handler, _| {
            let field = handler.xsrf_form_html();
            handler.write(field);
        })
        .get("/", |mut handler: RequestHandler| {
            assert_ne!(handler.xsrf_token(), handler.xsrf_token());
            handler.send_error(400);
        });
    let response = yield_!(answer(to(&serve(application), "/")));
    assert!(
        response
            .text()
            .starts_with("<input type=\"hidden\" name=\"_xsrf\" value=\"2|")
    );
    assert_eq!(response.headers().get_all("Set-Cookie").iter().count(), 1);
}
