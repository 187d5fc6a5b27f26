//! Applications within an application, below a prefix and for a host.

use std::panic::catch_unwind;

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, Pattern, RequestFailure, RequestHandler};

use super::support::{get, serve, status_of, talk};

fn say(text: &'static str) -> impl Fn(RequestHandler) {
    move |mut handler: RequestHandler| handler.write(text)
}

fn arguments(mut handler: RequestHandler) {
    let text = handler.path_args().join(",");
    handler.write(text);
}

fn page(text: &'static str) -> impl Fn(&mut RequestHandler, &RequestFailure) {
    move |handler, failure| handler.write(format!("{text} {}", failure.status().as_u16()))
}

#[co::test(timeout = 10)]
fn routes_stand_below_the_prefix_with_its_parameters() {
    let users = Application::new()
        .get("/", say("all"))
        .get("/{id}", arguments)
        .get(Pattern::regex("/([0-9]+)/posts/([0-9]+)"), arguments);
    let api = Application::new().nest("/users", users);
    let server = serve(
        Application::new()
            .get("/", say("root"))
            .nest("/t/{tenant}", api),
    );
    for (path, text) in [
        ("/", "root"),
        ("/t/us/users/", "all"),
        ("/t/us/users/7", "us,7"),
        ("/t/us/users/7/posts/8", "us,7,8"),
    ] {
        let response = yield_!(get(&server, path)).expect("an answer");
        assert_eq!(response.text(), text);
    }
    for path in ["/users/7", "/t/us/users", "/t/users/7"] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.status().expect("a response"), 404);
    }
}

#[co::test(timeout = 10)]
fn a_nested_application_has_its_own_pages_and_default_handler_below_its_prefix() {
    let deep = Application::new().get("/a", say("a"));
    let api = Application::new()
        .get("/fails", |_: RequestHandler| {
            Err::<(), _>(coroutine_http::WebError::new(409))
        })
        .error_page(page("api"))
        .nest("/deep", deep);
    let shop = Application::new().default_handler(say("shop's own"));
    let server = serve(
        Application::new()
            .error_page(page("outer"))
            .nest("/api", api)
            .nest("/shop", shop),
    );
    for (path, text) in [
        ("/none", "outer 404"),
        ("/api", "api 404"),
        ("/api/none", "api 404"),
        ("/api/deep/none", "api 404"),
        ("/api/fails", "api 409"),
        ("/apis", "outer 404"),
    ] {
        let error = yield_!(get(&server, path)).expect_err("a failure");
        assert_eq!(error.response().expect("a response").text(), text);
    }
    let response = yield_!(get(&server, "/shop/anything")).expect("an answer");
    assert_eq!(response.text(), "shop's own");
}

/// Asks for a path of a host.
#[co::coroutine]
fn ask(server: std::rc::Rc<HttpServer>, host: &'static str, path: &'static str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let answer = yield_!(talk(server.local_addr(), request));
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    format!("{} {body}", status_of(head))
}

fn hosts() -> Application {
    Application::new()
        .get("/", say("own"))
        .get("/shared", say("shared"))
        .host("api.example.com", Application::new().get("/", say("api")))
        .host(
            "*.example.com",
            Application::new()
                .get("/", say("any"))
                .get("/more", say("more")),
        )
        .host(
            "[::1]",
            Application::new().default_handler(say("everything")),
        )
}

#[co::test(timeout = 10)]
fn hosts_are_asked_in_order_and_then_the_applications_own_routes() {
    let server = std::rc::Rc::new(serve(hosts()));
    for (host, path, answer) in [
        ("api.example.com", "/", "200 api"),
        ("API.example.com:8888", "/", "200 api"),
        ("api.example.com", "/more", "200 more"),
        ("www.example.com", "/", "200 any"),
        ("a.b.example.com", "/", "200 any"),
        ("www.example.com", "/shared", "200 shared"),
        ("example.com", "/", "200 own"),
        ("badexample.com", "/", "200 own"),
        ("[::1]:80", "/shared", "200 everything"),
    ] {
        let said = yield_!(ask(server.clone(), host, path));
        assert_eq!(said, answer, "{host}{path}");
    }
}

#[co::test(timeout = 10)]
fn an_unknown_host_is_taken_for_the_default_one() {
    let server = std::rc::Rc::new(serve(hosts().default_host("api.example.com")));
    assert_eq!(yield_!(ask(server.clone(), "elsewhere", "/")), "200 api");
    let known = yield_!(ask(server.clone(), "www.example.com", "/"));
    assert_eq!(known, "200 any");
    let shared = yield_!(ask(server.clone(), "elsewhere", "/shared"));
    assert_eq!(shared, "200 shared");
}

#[test]
fn prefixes_and_hosts_that_are_none_panic() {
    let text = |added: std::thread::Result<Application>| {
        let payload = added.map(drop).expect_err("a panic");
        payload
            .downcast_ref::<String>()
            .cloned()
            .unwrap_or_else(|| {
                let text = payload.downcast_ref::<&str>().expect("a text");
                (*text).to_owned()
            })
    };
    for prefix in ["api", "/api/", "/", "/{*rest}", "/(a)"] {
        let added = catch_unwind(|| Application::new().nest(prefix, Application::new()));
        assert!(text(added).contains(prefix));
    }
    let hosts = catch_unwind(|| Application::new().host("a b", Application::new()));
    assert!(text(hosts).contains("`a b`"));
    let nested = catch_unwind(|| {
        let inner = Application::new().host("a", Application::new());
        Application::new().nest("/a", inner)
    });
    assert!(text(nested).contains("outermost"));
}
