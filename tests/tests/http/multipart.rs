//! Forms in several parts.

use std::error::Error;

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, RequestHandler};

use super::support::{answer, posting, serve, warnings};

const KIND: &str = "multipart/form-data; boundary=\"a b\"";

const WHOLE: &str = "--a b\r\n\
    Content-Disposition: form-data; name=\"title\"\r\n\r\n Holiday \r\n\
    --a b  \r\n\
    content-disposition: Form-Data; name=photo; filename=\"c:\\x\\\"y\\\".jpg\"\r\n\
    Content-Type: image/jpeg\r\n\r\n\r\n--a c\r\n--a\r\n\
    --a b\r\n\
    Content-Disposition: form-data; name=\"photo\"; filename*=UTF-8''%C3%A9.txt; filename=\"e.txt\"\r\n\r\n\r\n\
    --a b\r\n\
    Content-Disposition: form-data; name=\"title\"; filename=\"\"\r\n\r\nsecond\r\n\
    --a b--\r\nbehind";

fn show(mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
    let mut text = format!("{:?}", handler.arguments("title"));
    for file in handler.files("photo")? {
        text += &format!(
            " {} {} {:?}",
            file.filename(),
            file.content_type(),
            file.body()
        );
    }
    handler.write(text);
    Ok(())
}

fn server() -> HttpServer {
    let careless = |mut handler: RequestHandler| {
        let title = handler.argument("title");
        handler.write(format!("{title:?}"));
    };
    serve(
        Application::new()
            .post("/", show)
            .post("/careless", careless),
    )
}

#[co::test(timeout = 10)]
fn fields_are_arguments_and_files_are_files() {
    let response = yield_!(answer(posting(&server(), "/?title=query", KIND, WHOLE)));
    assert_eq!(
        response.text(),
        "[\"query\", \"Holiday\", \"second\"] c:\\x\"y\".jpg image/jpeg b\"\\r\\n--a c\\r\\n--a\" \
         é.txt application/octet-stream b\"\""
    );
}

#[co::test(timeout = 10)]
fn a_form_without_parts_has_none() {
    let server = server();
    for body in ["--a b--", "before\r\n--a b--\r\n", ""] {
        let response = yield_!(answer(posting(&server, "/", KIND, body)));
        assert_eq!((response.code(), &*response.text()), (200, "[]"), "{body}");
    }
}

#[co::test(timeout = 10)]
fn a_malformed_form_is_400_even_where_the_handler_does_not_look() {
    let server = server();
    let part = |headers: &str| format!("--a b\r\n{headers}\r\n\r\nx\r\n--a b--");
    let name = "Content-Disposition: form-data; name=x";
    for (body, code) in [
        ("nothing at all".to_owned(), 400),
        ("--a b".to_owned(), 400),
        ("--a bx\r\n".to_owned(), 400),
        (part("no header"), 400),
        (part(""), 400),
        (part("Content-Type: text/plain"), 400),
        (part("Content-Disposition: form-data; filename=x"), 400),
        (part("Content-Disposition: attachment; name=x"), 400),
        (part(&format!("{name}\r\nA: \0")), 400),
        (part(&format!("{name}{}", "\r\nA: b".repeat(32))), 400),
        (
            part(&format!("{name}\r\nA: {}", "x".repeat(10 * 1024))),
            413,
        ),
        (format!("--a b\r\n{name}\r\n\r\nx\r\n").repeat(101), 413),
        (WHOLE[..WHOLE.len() - 10].to_owned(), 400),
    ] {
        for path in ["/", "/careless"] {
            let response = yield_!(answer(posting(&server, path, KIND, body.clone())));
            assert_eq!(response.code(), code, "{path}: {body}");
        }
    }
}

#[co::test(timeout = 10)]
fn a_type_without_a_boundary_is_400() {
    let server = server();
    let long = format!("multipart/form-data; boundary={}", "x".repeat(71));
    for kind in [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        &long,
    ] {
        let response = yield_!(answer(posting(&server, "/careless", kind, WHOLE)));
        assert_eq!(response.code(), 400, "{kind}");
    }
}

#[test]
fn no_cut_or_changed_form_does_worse_than_400() {
    let lines = warnings(mangled);
    assert!(
        lines.iter().all(|line| !line.contains("panicked")),
        "{lines:#?}"
    );
}

#[co::coroutine]
fn mangled() {
    let server = server();
    let mut state = 1_u64;
    let mut random = move |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).expect("31 bits") % below
    };
    for round in 0..300 {
        let mut body = WHOLE.as_bytes().to_vec();
        for _ in 0..=round % 4 {
            let at = random(body.len());
            match random(4) {
                0 => body.truncate(at),
                1 => drop(body.splice(at..at, *b"\r\n--a b")),
                2 => drop(body.splice(at..at, *b"\"")),
                _ => body[at] = u8::try_from(random(256)).expect("a byte"),
            }
            if body.is_empty() {
                body.push(b'-');
            }
        }
        let code = yield_!(answer(posting(&server, "/", KIND, body))).code();
        assert!(matches!(code, 200 | 400 | 500), "{code}");
    }
}
