//! Routes that are regular expressions, and `OPTIONS`.

use std::panic::catch_unwind;

use coroutine_core as co;
use coroutine_http::{Application, AsyncHttpClient, HttpRequest, Method, Pattern, RequestHandler};

use super::support::{get, serve, url};

/// Says which route it is, and what the path's parameters are.
fn tell(route: &'static str) -> impl Fn(RequestHandler) {
    move |mut handler: RequestHandler| {
        let text = format!("{route} {:?}", handler.path_args());
        handler.write(text);
    }
}

#[co::test(timeout = 10)]
fn groups_are_arguments_in_order_and_by_name_and_are_decoded() {
    let server = serve(
        Application::new()
            .get(Pattern::regex(r"/story/(\d+)/([a-z%0-9]+)"), tell("story"))
            .get(
                Pattern::regex("/user/(?P<id>[^/]+)(?:/(?P<tab>[^/]+))?"),
                |mut handler: RequestHandler| {
                    let (id, tab) = (handler.path_argument("id"), handler.path_argument("tab"));
                    let text = format!("{id:?} {tab:?} {:?}", handler.path_args());
                    handler.write(text);
                },
            ),
    );
    for (path, text) in [
        ("/story/12/a%20b", r#"story ["12", "a b"]"#),
        ("/user/%C3%A9/x", r#"Some("é") Some("x") ["é", "x"]"#),
        ("/user/7", r#"Some("7") None ["7", ""]"#),
    ] {
        let response = yield_!(get(&server, path)).expect("an answer");
        assert_eq!(response.text(), text);
    }
}

#[co::test(timeout = 10)]
fn an_expression_matches_whole_paths() {
    let server = serve(Application::new().get(Pattern::regex("/a|/b"), tell("it")));
    for path in ["/a", "/b"] {
        yield_!(get(&server, path)).expect("an answer");
    }
    for path in ["/ab", "/x/a", "/a/", "/b%0A"] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.status().expect("a response"), 404);
    }
}

#[co::test(timeout = 10)]
fn text_comes_first_and_then_the_expressions_in_their_order() {
    let server = serve(
        Application::new()
            .get(Pattern::regex("/(new|old)"), tell("first"))
            .get(Pattern::regex("/([a-z]+)"), tell("second"))
            .get("/new", tell("text")),
    );
    for (path, text) in [
        ("/new", "text []"),
        ("/old", r#"first ["old"]"#),
        ("/any", r#"second ["any"]"#),
    ] {
        let response = yield_!(get(&server, path)).expect("an answer");
        assert_eq!(response.text(), text);
    }
}

#[co::test(timeout = 10)]
fn options_is_answered_with_the_methods_unless_it_is_handled() {
    let server = serve(
        Application::new()
            .get("/a", tell("a"))
            .patch("/a", tell("a"))
            .get("/b", tell("b"))
            .options("/b", tell("its own")),
    );
    let ask = |path| HttpRequest::new(url(&server, path)).method(Method::OPTIONS);
    let response = yield_!(AsyncHttpClient::new().fetch(ask("/a"))).expect("an answer");
    assert_eq!(response.code(), 204);
    assert_eq!(response.header("Allow"), Some("GET, HEAD, OPTIONS, PATCH"));
    assert!(response.body().is_empty());
    let response = yield_!(AsyncHttpClient::new().fetch(ask("/b"))).expect("an answer");
    assert_eq!(response.text(), "its own []");
    let error = yield_!(AsyncHttpClient::new().fetch(ask("/c"))).expect_err("a failure");
    assert_eq!(error.status().expect("a response"), 404);
}

#[co::test(timeout = 10)]
fn head_has_a_handler_of_its_own_where_there_is_one() {
    let handler = |mut handler: RequestHandler| handler.set_header("X-Head", "own");
    let server = serve(Application::new().get("/", tell("get")).head("/", handler));
    let request = HttpRequest::new(url(&server, "/")).method(Method::HEAD);
    let response = yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer");
    assert_eq!(response.header("X-Head"), Some("own"));
}

#[test]
fn an_expression_that_is_given_as_text_panics_and_names_the_other_way() {
    for path in ["/story/([0-9]+)", "/a/[a-z]", r"/\d", "/static/.*", "/end$"] {
        let added = catch_unwind(|| Application::new().get(path, tell("a")));
        let payload = added.map(drop).expect_err("a panic");
        let text = payload.downcast_ref::<String>().expect("a text");
        assert!(
            text.contains("Pattern::regex") && text.contains(path),
            "{text}"
        );
    }
}

#[test]
fn an_expression_that_is_none_panics_with_the_reason() {
    let added = catch_unwind(|| Application::new().get(Pattern::regex("/(a"), tell("a")));
    let payload = added.map(drop).expect_err("a panic");
    let text = payload.downcast_ref::<String>().expect("a text");
    assert!(
        text.contains("`/(a`") && text.contains("unclosed group"),
        "{text}"
    );
}
