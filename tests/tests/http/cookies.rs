//! Cookies, plain and signed.

use coroutine_core as co;
use coroutine_http::{Application, Cookie, HttpResponse, HttpServer, RequestHandler, SameSite};

use super::support::{answer, serve, to, warnings};

fn serving(handle: impl Fn(&mut RequestHandler) + 'static) -> HttpServer {
    let application = Application::new().cookie_secret("a secret of the tests");
    serve(application.get("/", move |mut handler: RequestHandler| handle(&mut handler)))
}

fn set_cookies(response: &HttpResponse) -> Vec<&str> {
    let headers = response.headers().get_all("set-cookie").iter();
    headers
        .map(|header| header.to_str().expect("text"))
        .collect()
}

#[co::test(timeout = 10)]
fn cookies_are_read_decoded_and_without_quotes() {
    let server = serving(|handler| {
        let cookies = handler.request().cookies().iter();
        let pairs: Vec<_> = cookies
            .map(|cookie| (cookie.name(), cookie.value()))
            .collect();
        let text = format!(
            "{pairs:?} {:?} {:?}",
            handler.cookie("a"),
            handler.cookie("z")
        );
        handler.write(text);
    });
    let request = to(&server, "/").header("Cookie", "a=1; b=\"x y\"; nonsense; c=%C3%A9; =; a=2");
    assert_eq!(
        yield_!(answer(request)).text(),
        r#"[("a", "1"), ("b", "x y"), ("c", "é"), ("a", "2")] Some("2") None"#
    );
    assert_eq!(yield_!(answer(to(&server, "/"))).text(), "[] None None");
}

#[co::test(timeout = 10)]
fn a_cookie_is_set_with_its_attributes_once_for_a_name() {
    let server = serving(|handler| {
        handler.set_cookie(("a", "first"));
        let cookie = Cookie::build(("b", "x;\r\ny"))
            .domain("example.org")
            .path("/x");
        handler.set_cookie(
            cookie
                .secure(true)
                .http_only(true)
                .same_site(SameSite::Strict),
        );
        handler.set_cookie(("a", "second"));
    });
    let response = yield_!(answer(to(&server, "/")));
    let [b, a] = set_cookies(&response)[..] else {
        panic!("not two cookies but {response:?}");
    };
    assert_eq!(a, "a=second; Path=/");
    for part in [
        "b=x%3B%0D%0Ay;",
        "Domain=example.org",
        "Path=/x",
        "Secure",
        "HttpOnly",
        "SameSite=Strict",
    ] {
        assert!(b.contains(part), "`{part}` is missing in `{b}`");
    }
}

#[co::test(timeout = 10)]
fn cookies_are_cleared() {
    let server = serving(RequestHandler::clear_all_cookies);
    let response = yield_!(answer(
        to(&server, "/").header("Cookie", "a=1; x y=3; %3B=4; b=2")
    ));
    let cleared = set_cookies(&response);
    assert_eq!(cleared.len(), 2, "{cleared:?}");
    for (cookie, name) in cleared.into_iter().zip(["a=;", "b=;"]) {
        assert!(cookie.starts_with(name), "{cookie}");
        assert!(
            cookie.contains("Max-Age=0") && cookie.contains("Path=/"),
            "{cookie}"
        );
    }
}

#[test]
fn a_cookie_that_would_say_more_than_it_is_is_a_fault() {
    let lines = warnings(smuggled);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(
        lines.iter().all(|line| line.contains("cannot be a cookie")),
        "{lines:#?}"
    );
}

#[co::coroutine]
fn smuggled() {
    for cookie in [
        Cookie::new("a; Domain", "x"),
        Cookie::new("", "x"),
        Cookie::build(("a", "x")).path("/; Secure").build(),
        Cookie::build(("a", "x"))
            .domain("x\r\nSet-Cookie: y")
            .build(),
    ] {
        let server = serving(move |handler| handler.set_cookie(cookie.clone()));
        let response = yield_!(answer(to(&server, "/")));
        assert_eq!(response.code(), 500);
        assert!(set_cookies(&response).is_empty());
    }
}

#[co::test(timeout = 10)]
fn a_signed_cookie_comes_back_unless_it_was_changed() {
    let server = serving(|handler| {
        let text = format!("{:?}", handler.signed_cookie("user"));
        handler.set_signed_cookie(("user", "alice é"));
        handler.write(text);
    });
    let response = yield_!(answer(to(&server, "/")));
    assert_eq!(response.text(), "None");
    let cookie = set_cookies(&response)[0];
    assert!(cookie.contains("Max-Age=2592000"), "{cookie}");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    for (sent, read) in [
        (pair.clone(), "Some(\"alice é\")"),
        (pair.replace("user=", "user=\"") + "\"", "Some(\"alice é\")"),
        (pair.replace("|1:0|", "|1:1|"), "None"),
        (pair.replace("4:user", "4:usir"), "None"),
        ("user=2|1:0|".to_owned(), "None"),
        ("user=2|99999999999999999999:0|".to_owned(), "None"),
    ] {
        let response = yield_!(answer(to(&server, "/").header("Cookie", sent.as_str())));
        assert_eq!(response.text(), read, "{sent}");
    }
}

#[test]
fn a_signed_cookie_without_a_secret_says_what_is_missing() {
    let lines = warnings(without_secret);
    assert!(
        lines[0].contains("signed cookies need `Application::cookie_secret`"),
        "{lines:#?}"
    );
}

#[co::coroutine]
fn without_secret() {
    let server = serve(Application::new().get("/", |mut handler: RequestHandler| {
        handler.set_signed_cookie(("a", "b"));
    }));
    assert_eq!(yield_!(answer(to(&server, "/"))).code(), 500);
}

#[co::test(timeout = 10)]
fn a_cookie_whose_name_is_encoded_is_set_once_as_well() {
    let server = serving(|handler| {
        handler.set_cookie(("a|b", "first"));
        handler.set_cookie(("a|b", "second"));
    });
    let response = yield_!(answer(to(&server, "/")));
    assert_eq!(set_cookies(&response), ["a%7Cb=second; Path=/"]);
}
