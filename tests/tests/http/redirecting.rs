//! Handlers that send their client elsewhere.

use coroutine_core as co;
use coroutine_http::{Application, RequestHandler};

use super::support::{answer, serve, to};

#[co::test(timeout = 10)]
fn a_redirect_has_the_status_that_was_asked_for() {
    let server = serve(
        Application::new()
            .get("/302", |handler: RequestHandler| {
                handler.redirect("../elsewhere?a=1");
            })
            .get("/301", |handler: RequestHandler| {
                handler.redirect_permanently("/elsewhere");
            })
            .get("/303", |handler: RequestHandler| {
                handler.redirect_with(303, "/elsewhere");
            })
            .get("/308", |handler: RequestHandler| {
                handler.redirect_with(308, "/elsewhere");
            }),
    );
    for code in [301, 302, 303, 308] {
        let response = yield_!(answer(to(&server, &format!("/{code}"))));
        assert_eq!(response.code(), code);
        let location = response.header("Location").expect("a location");
        assert!(location.contains("/elsewhere"));
        assert!(response.body().is_empty());
    }
}

#[co::test(timeout = 10)]
fn a_status_that_redirects_nobody_is_a_fault() {
    let server = serve(Application::new().get("/", |handler: RequestHandler| {
        handler.redirect_with(304, "/elsewhere");
    }));
    assert_eq!(yield_!(answer(to(&server, "/"))).code(), 500);
}
