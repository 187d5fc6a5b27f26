//! Users who have logged in, and those who have not.

use std::cell::Cell;
use std::error::Error;
use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{
    Application, HttpRequest, HttpResponse, HttpServer, Method, RequestHandler, WebError,
    WebHandler,
};

use super::support::{answer, serve, to, warnings};

#[derive(Debug, PartialEq)]
struct User {
    name: String,
}

#[co::coroutine]
fn page(mut handler: RequestHandler) -> Result<(), WebError> {
    yield_!(co::moment());
    handler.set_header("X-Early", "lost");
    let user = handler.authenticated::<User>()?;
    handler.write(&user.name);
    Ok(())
}

fn user(handler: &RequestHandler) -> Option<User> {
    let name = handler.cookie("user")?.to_owned();
    Some(User { name })
}

fn application() -> Application {
    Application::new().current_user(user).route("/page", page)
}

fn from(name: &str, request: HttpRequest) -> HttpRequest {
    request.header("Cookie", format!("user={name}"))
}

#[co::coroutine]
fn location(request: HttpRequest) -> (u16, Option<String>) {
    let response = yield_!(answer(request));
    assert_eq!(response.header("X-Early"), None);
    (
        response.code(),
        response.header("Location").map(str::to_owned),
    )
}

fn sent_to(url: &str) -> (u16, Option<String>) {
    (302, Some(url.to_owned()))
}

#[co::test(timeout = 10)]
fn who_has_logged_in_gets_the_page() {
    let server = serve(application().login_url("/login"));
    let response = yield_!(answer(from("Ada", to(&server, "/page"))));
    assert_eq!((response.code(), &*response.text()), (200, "Ada"));
}

#[co::test(timeout = 10)]
fn who_reads_is_sent_to_the_login_which_learns_what_they_wanted() {
    let server = serve(application().login_url("/login"));
    let wanted = sent_to("/login?next=%2Fpage%3Fa%3D1%26b%3Dx%2520y");
    let path = "/page?a=1&b=x%20y";
    for method in [Method::GET, Method::HEAD] {
        let request = to(&server, path).method(method);
        assert_eq!(yield_!(location(request)), wanted);
    }
}

#[co::test(timeout = 10)]
fn a_redirect_to_the_login_has_no_page() {
    let server = serve(application().login_url("/login"));
    let response: HttpResponse = yield_!(answer(to(&server, "/page")));
    assert_eq!(response.body().len(), 0);
}

#[co::test(timeout = 10)]
fn a_login_at_another_site_learns_the_whole_url() {
    let server = serve(application().login_url("https://login.example/"));
    let host = server.local_addr().to_string().replace(':', "%3A");
    let wanted = format!("https://login.example/?next=http%3A%2F%2F{host}%2Fpage%3Fa%3D1");
    let request = to(&server, "/page?a=1");
    assert_eq!(yield_!(location(request)), sent_to(&wanted));
}

#[co::test(timeout = 10)]
fn a_login_with_a_query_is_left_as_it_is() {
    let server = serve(application().login_url("/login?for=all"));
    let found = yield_!(location(to(&server, "/page")));
    assert_eq!(found, sent_to("/login?for=all"));
}

#[co::test(timeout = 10)]
fn who_changes_something_is_refused() {
    let server = serve(application().login_url("/login"));
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request = to(&server, "/page").method(method);
        let request = request.allow_nonstandard_methods(true);
        assert_eq!(yield_!(location(request)), (403, None));
    }
}

#[co::test(timeout = 10)]
fn all_are_refused_where_there_is_no_login() {
    let server = serve(application());
    assert_eq!(yield_!(location(to(&server, "/page"))), (403, None));
}

#[co::test(timeout = 10)]
fn it_is_asked_once_for_a_request_and_only_if_somebody_wants_to_know() {
    let asked = Rc::new(Cell::new(0));
    let count = asked.clone();
    let application = Application::new()
        .current_user(move |handler| {
            count.set(count.get() + 1);
            // Nobody, as long as it is not known.
            assert_eq!(handler.current_user::<User>(), None);
            user(handler)
        })
        .get("/twice", |mut handler: RequestHandler| {
            let first = handler.current_user::<User>().expect("a user");
            let second = handler.current_user::<User>().expect("a user");
            assert!(Rc::ptr_eq(&first, &second));
            handler.write(&first.name);
        })
        .get("/never", |mut handler: RequestHandler| handler.write("x"));
    let server = serve(application);
    let twice = yield_!(answer(from("Ada", to(&server, "/twice"))));
    assert_eq!(twice.text(), "Ada");
    yield_!(answer(from("Ada", to(&server, "/never"))));
    assert_eq!(asked.get(), 1);
}

/// Knows its users by what it waits for.
struct Slow;

impl WebHandler for Slow {
    #[co::coroutine(lazy)]
    fn prepare(&self, handler: RequestHandler) -> Result<(), Box<dyn Error>> {
        yield_!(co::moment());
        handler.set_current_user(user(&handler).filter(|user| user.name == "Ada"));
        handler.authenticated::<User>()?;
        Ok(())
    }

    #[co::coroutine(lazy)]
    fn get(&self, mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
        let user = handler.current_user::<User>().expect("a user");
        handler.write(format!("{} of {:?}", user.name, handler.login_url()));
        Ok(())
    }
}

#[co::test(timeout = 10)]
fn prepare_may_wait_and_then_say_who_it_is() {
    let server = serve(
        Application::new()
            .login_url("/login")
            .handler("/slow", || Slow),
    );
    let response = yield_!(answer(from("Ada", to(&server, "/slow"))));
    assert_eq!(response.text(), "Ada of Some(\"/login\")");
    let found = yield_!(location(from("Eve", to(&server, "/slow"))));
    assert_eq!(found, sent_to("/login?next=%2Fslow"));
}

#[co::coroutine]
fn status(server: HttpServer) -> u16 {
    yield_!(answer(from("Ada", to(&server, "/page")))).code()
}

#[test]
fn nothing_is_logged_of_who_has_not_logged_in() {
    let lines = warnings(|| {
        let server = serve(application().login_url("/login"));
        answer(to(&server, "/page"))
    });
    assert_eq!(lines, Vec::<String>::new());
}

#[test]
fn a_user_of_another_type_is_a_fault_of_the_program() {
    let lines = warnings(|| status(serve(application().current_user(|_| Some(7_u8)))));
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("users are no `"), "{lines:?}");
}
