//! Paths from the names of routes.

use std::panic::catch_unwind;

use coroutine_core as co;
use coroutine_http::{Application, Pattern, RequestHandler};

use super::support::{get, serve};

fn nothing(_: RequestHandler) {}

fn named() -> Application {
    Application::new()
        .get(Pattern::new("/").name("home"), nothing)
        .get(Pattern::new("/entry/{id}.html").name("entry"), nothing)
        .get(Pattern::new("/{{braces}}/{*rest}").name("rest"), nothing)
        .get(
            Pattern::regex(r"/story/(\d+)/v1\.0/([^/]*)").name("story"),
            nothing,
        )
        .get(Pattern::regex("/x(?:a|b)").name("one way"), nothing)
}

#[test]
fn arguments_stand_in_the_order_of_the_path_and_are_encoded() {
    let application = named();
    let url = |name, arguments: &[&dyn std::fmt::Display]| {
        application.reverse_url(name, arguments).expect("a path")
    };
    assert_eq!(url("home", &[]), "/");
    assert_eq!(url("entry", &[&"a/b é?"]), "/entry/a%2Fb%20%C3%A9%3F.html");
    assert_eq!(url("rest", &[&"a/b c"]), "/{braces}/a/b%20c");
    assert_eq!(url("story", &[&7, &"x y"]), "/story/7/v1.0/x%20y");
}

#[test]
fn errors_tell_what_is_wrong() {
    let application = named();
    let fail = |name, arguments: &[&dyn std::fmt::Display]| {
        application
            .reverse_url(name, arguments)
            .expect_err("a failure")
    };
    assert!(fail("nobody", &[]).is_unknown());
    assert!(fail("nobody", &[]).to_string().contains("`nobody`"));
    let few = fail("story", &[&1]);
    assert!(few.is_arguments());
    assert!(few.to_string().contains("2 arguments, but 1"), "{few}");
    assert!(fail("home", &[&1]).is_arguments());
    assert!(fail("entry", &[&""]).is_arguments());
    let unfit = fail("story", &[&"seven", &"x"]);
    assert!(unfit.is_arguments());
    assert!(unfit.to_string().contains("/story/seven/v1.0/x"), "{unfit}");
    let one_way = fail("one way", &[]);
    assert!(!one_way.is_arguments() && !one_way.is_unknown());
}

#[test]
fn names_of_nested_applications_count() {
    let inner = Application::new()
        .get(Pattern::new("/users/{id}").name("user"), nothing)
        .get(Pattern::regex("/posts/([0-9]+)").name("post"), nothing);
    let application = Application::new().nest("/{tenant}/api", inner);
    let user = application.reverse_url("user", &[&"us", &7]);
    assert_eq!(user.expect("a path"), "/us/api/users/7");
    let post = application.reverse_url("post", &[&"us", &8]);
    assert_eq!(post.expect("a path"), "/us/api/posts/8");
}

#[test]
fn a_name_for_two_routes_panics() {
    let twice = catch_unwind(|| {
        Application::new()
            .get(Pattern::new("/a").name("x"), nothing)
            .get(Pattern::new("/b").name("x"), nothing)
    });
    let payload = twice.map(drop).expect_err("a panic");
    let text = payload.downcast_ref::<String>().expect("a text");
    assert!(text.contains("`/a`") && text.contains("`/b`"), "{text}");
    // One path with two methods is one route.
    let _one = Application::new()
        .get(Pattern::new("/a").name("x"), nothing)
        .post(Pattern::new("/a").name("x"), nothing);
}

#[co::test(timeout = 10)]
fn a_handler_can_ask_for_the_path_of_a_route() {
    let server = serve(named().get("/link", |mut handler: RequestHandler| {
        let path = handler.reverse_url("entry", &[&1]).expect("a path");
        handler.write(path);
    }));
    let response = yield_!(get(&server, "/link")).expect("an answer");
    assert_eq!(response.text(), "/entry/1.html");
}
