//! What is known of the client, behind a proxy and without one.

use std::rc::Rc;

use coroutine_core as co;
use coroutine_http::{Application, HttpServer, RequestHandler};

use super::support::{serve, talk};

fn who(application: Application) -> Rc<HttpServer> {
    Rc::new(serve(application.route(
        "/{*rest}",
        |mut handler: RequestHandler| {
            let request = handler.request();
            let ip = request.remote_ip().expect("an address");
            let text = format!("\n{ip} {} {}", request.protocol(), request.full_url());
            handler.write(text);
        },
    )))
}

/// What the server believes of a request with these headers.
#[co::coroutine]
fn believed(server: Rc<HttpServer>, headers: &'static str) -> String {
    let request =
        format!("GET /a?b=c HTTP/1.1\r\nHost: here:8\r\nConnection: close\r\n{headers}\r\n");
    let answer = yield_!(talk(server.local_addr(), request));
    answer.lines().next_back().unwrap_or_default().to_owned()
}

#[co::test(timeout = 10)]
fn nobody_is_believed_unless_it_is_said() {
    let server = who(Application::new());
    let headers = "X-Real-Ip: 1.2.3.4\r\nX-Scheme: https\r\n";
    let known = yield_!(believed(server, headers));
    assert_eq!(known, "127.0.0.1 http http://here:8/a?b=c");
}

#[co::test(timeout = 10)]
fn a_proxy_says_who_the_client_is_and_how_it_came() {
    let server = who(Application::new().xheaders(true));
    for (headers, ip, protocol) in [
        ("", "127.0.0.1", "http"),
        ("X-Real-Ip: 1.2.3.4\r\n", "1.2.3.4", "http"),
        (
            "X-Real-Ip: ::1\r\nX-Forwarded-For: 5.6.7.8\r\n",
            "::1",
            "http",
        ),
        ("X-Forwarded-For: 9.9.9.9, 5.6.7.8\r\n", "5.6.7.8", "http"),
        (
            "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 5.6.7.8\r\n",
            "5.6.7.8",
            "http",
        ),
        ("X-Real-Ip: 4.4.4.4<script>\r\n", "127.0.0.1", "http"),
        ("X-Forwarded-For: 1.1.1.1, unknown\r\n", "127.0.0.1", "http"),
        (
            "X-Scheme: https\r\nX-Forwarded-Proto: http\r\n",
            "127.0.0.1",
            "https",
        ),
        ("X-Forwarded-Proto: http, https\r\n", "127.0.0.1", "https"),
        ("X-Forwarded-Proto: gopher\r\n", "127.0.0.1", "http"),
    ] {
        let known = yield_!(believed(server.clone(), headers));
        let expected = format!("{ip} {protocol} {protocol}://here:8/a?b=c");
        assert_eq!(known, expected, "{headers}");
    }
}

#[co::test(timeout = 10)]
fn trusted_proxies_are_passed_over() {
    let proxies = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse().expect("an address"));
    let server = who(Application::new().trusted_downstream(proxies));
    for (headers, ip) in [
        (
            "X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.1\r\n",
            "1.2.3.4",
        ),
        (
            "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 10.0.0.1\r\n",
            "1.2.3.4",
        ),
        ("X-Forwarded-For: 10.0.0.1\r\n", "10.0.0.1"),
    ] {
        let known = yield_!(believed(server.clone(), headers));
        assert_eq!(known.split(' ').next(), Some(ip), "{headers}");
    }
}
