//! Arguments in paths, queries and forms.

use std::error::Error;

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, RequestError, RequestHandler};
use serde::Deserialize;

use super::support::{answer, gave_up, posting, serve, to};

const FORM: &str = "application/x-www-form-urlencoded";

fn shows(show: fn(&RequestHandler) -> String) -> HttpServer {
    serve(
        Application::new().route("/", move |mut handler: RequestHandler| {
            let text = show(&handler);
            handler.write(text);
        }),
    )
}

#[co::test(timeout = 10)]
fn the_form_comes_behind_the_query() {
    let server = shows(|handler| {
        format!(
            "{:?} {:?} {:?} {:?} {:?}",
            handler.arguments("a"),
            handler.argument("a"),
            handler.query_argument("a"),
            handler.body_arguments("a"),
            handler.argument("c"),
        )
    });
    let request = posting(&server, "/?a=1&b=2&a=%32", FORM, "a=3&a=4+5");
    let text = yield_!(answer(request));
    assert_eq!(
        text.text(),
        r#"["1", "2", "3", "4 5"] Some("4 5") Some("2") ["3", "4 5"] None"#
    );
}

#[co::test(timeout = 10)]
fn blanks_are_stripped_and_control_characters_replaced_but_the_request_has_them() {
    let server = shows(|handler| {
        let raw = handler.request().query_arguments().next();
        format!(
            "{:?} {:?}",
            handler.argument("a"),
            raw.map(|(_, value)| value.into_owned())
        )
    });
    let response = yield_!(answer(to(&server, "/?a=%20x%00y%09z%0A")));
    assert_eq!(response.text(), "Some(\"x y\\tz\") Some(\" x\\0y\\tz\\n\")");
}

#[co::test(timeout = 10)]
fn a_body_of_another_type_is_no_form() {
    let server = shows(|handler| format!("{:?}", handler.body_argument("a")));
    let response = yield_!(answer(posting(&server, "/", "text/plain", "a=1")));
    assert_eq!(response.text(), "None");
}

fn typed() -> HttpServer {
    #[co::coroutine]
    fn sum(mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
        let (a, b): (i64, i64) = (handler.argument_as("a")?, handler.argument_or("b", 100)?);
        yield_!(co::moment());
        handler.write((a + b).to_string());
        Ok(())
    }

    fn user(mut handler: RequestHandler) -> Result<(), RequestError> {
        let id: u8 = handler.path_argument_as("id")?;
        handler.write(id.to_string());
        Ok(())
    }

    serve(Application::new().get("/sum", sum).get("/users/{id}", user))
}

#[co::test(timeout = 10)]
fn arguments_have_types_and_defaults() {
    let server = typed();
    for (path, sum) in [
        ("/sum?a=1&b=2", "3"),
        ("/sum?a=%201%20", "101"),
        ("/users/7", "7"),
    ] {
        assert_eq!(yield_!(answer(to(&server, path))).text(), sum);
    }
}

#[test]
fn a_missing_or_bad_argument_is_400_and_says_which() {
    let lines = gave_up(bad_arguments);
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(
        lines[0].contains("the argument `a` is missing"),
        "{lines:#?}"
    );
    assert!(
        lines[1].contains("the argument `b` is invalid: invalid digit"),
        "{lines:#?}"
    );
}

#[co::coroutine]
fn bad_arguments() {
    let server = typed();
    for path in ["/sum?b=1", "/sum?a=1&b=x", "/users/256"] {
        assert_eq!(yield_!(answer(to(&server, path))).code(), 400, "{path}");
    }
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "its `Debug` reads them")]
struct Search {
    text: String,
    #[serde(default)]
    tag: Vec<String>,
    page: Option<u32>,
}

#[co::coroutine]
fn search(mut handler: RequestHandler) -> Result<(), RequestError> {
    let found: Search = match handler.request().body().is_empty() {
        true => handler.query()?,
        false => handler.form()?,
    };
    handler.write(format!("{found:?}"));
    Ok(())
}

#[co::test(timeout = 10)]
fn many_arguments_make_a_structure() {
    let server = serve(Application::new().route("/", search));
    let expected = r#"Search { text: "a b", tag: ["x", "y"], page: Some(3) }"#;
    let pairs = "text=a+b&tag=x&page=3&tag=y&other=1";
    let response = yield_!(answer(to(&server, &format!("/?{pairs}"))));
    assert_eq!(response.text(), expected);
    let response = yield_!(answer(posting(&server, "/", FORM, pairs)));
    assert_eq!(response.text(), expected);
}

#[co::test(timeout = 10)]
fn a_structure_that_cannot_be_made_is_the_clients_fault() {
    let server = serve(Application::new().route("/", search));
    for path in ["/", "/?text=a&page=x", "/?text=a&text=b"] {
        assert_eq!(yield_!(answer(to(&server, path))).code(), 400, "{path}");
    }
    let response = yield_!(answer(posting(&server, "/", "text/plain", "text=a")));
    assert_eq!(response.code(), 415);
}

#[co::test(timeout = 10)]
fn the_path_makes_a_structure() {
    fn show(mut handler: RequestHandler) -> Result<(), RequestError> {
        let (year, name): (u16, String) = {
            #[derive(Deserialize)]
            struct Post {
                year: u16,
                name: String,
            }
            let post: Post = handler.path()?;
            (post.year, post.name)
        };
        handler.write(format!("{year} {name}"));
        Ok(())
    }
    let server = serve(Application::new().get("/{year}/{name}", show));
    let response = yield_!(answer(to(&server, "/2024/a%26b%3D1")));
    assert_eq!(response.text(), "2024 a&b=1");
    assert_eq!(yield_!(answer(to(&server, "/x/y"))).code(), 400);
}

#[co::test(timeout = 10)]
fn a_name_and_a_password_are_read() {
    let server = shows(|handler| format!("{:?}", handler.basic_auth()));
    for (header, read) in [
        ("Basic YTpiOmM=", "Some((\"a\", \"b:c\"))"),
        ("bAsIc YTo=", "Some((\"a\", \"\"))"),
        ("Basic YQ==", "None"),
        ("Basic !", "None"),
        ("Bearer YTpi", "None"),
    ] {
        let response = yield_!(answer(to(&server, "/").header("Authorization", header)));
        assert_eq!(response.text(), read);
    }
}
