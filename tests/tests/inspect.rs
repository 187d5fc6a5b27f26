//! The page that shows live coroutines.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use coroutine_core::locks::Lock;
use coroutine_core::net::TcpStream;
use coroutine_core::{self as co, Future, IoLoop, promise};
use coroutine_http::{Application, AsyncHttpClient, HttpRequest, HttpResponse, inspect};
use coroutine_tests::{LIMIT, watchdog};
use serde_json::Value;

const HOUR: Duration = Duration::from_secs(3600);

/// Runs a coroutine on a loop that serves the page, at this address.
fn inspecting(body: impl FnOnce(SocketAddr) -> Future<()> + Send + 'static) {
    watchdog(LIMIT, || {
        let io_loop = IoLoop::instance();
        let application = Application::new().nest("/debug", inspect::application());
        let server = application.listen("127.0.0.1:0").expect("a free port");
        let address = server.local_addr();
        io_loop.run_sync(move || body(address)).expect("an end");
    });
}

/// What the server answers, whatever the status is.
#[co::coroutine]
fn get(server: SocketAddr, path: impl AsRef<str> + 'static) -> HttpResponse {
    let url = format!("http://{server}/debug/{}", path.as_ref());
    let request = HttpRequest::new(url)
        .raise_error(false)
        .follow_redirects(false);
    yield_!(AsyncHttpClient::new().fetch(request)).expect("an answer")
}

#[co::coroutine]
fn text(server: SocketAddr, path: impl AsRef<str> + 'static) -> String {
    let response = yield_!(get(server, path));
    assert_eq!(response.status(), 200, "{}", response.text());
    response.text().into_owned()
}

/// The part of the page that lists coroutines, and the part that shows one.
fn parts(page: &str) -> (&str, &str) {
    let (before, detail) = page.split_once("<aside").expect("a part for one");
    let (_, list) = before.split_once("id=\"list\"").expect("a part for all");
    (list, detail)
}

/// The number by which the page knows the first coroutine of this name.
fn id_of(page: &str, name: &str) -> String {
    let before = page.split(&format!(">{name}</a>")).next().expect("a part");
    assert_ne!(before.len(), page.len(), "`{name}` is missing in {page}");
    let link = before.rsplit("of=").next().expect("a link");
    link.chars().take_while(char::is_ascii_digit).collect()
}

/// How often a coroutine of this name is listed.
fn count(page: &str, name: &str) -> usize {
    parts(page)
        .0
        .matches(&format!(">{name}</a> <span class=\"id\">"))
        .count()
}

#[co::coroutine]
fn sleeper(first: Duration, then: Duration) {
    yield_!(co::sleep(first));
    yield_!(co::sleep(then));
}

#[co::coroutine]
fn parent(of: Future<()>) {
    yield_!(of);
}

#[co::coroutine]
fn holder(lock: Rc<Lock<()>>) {
    let _guard = yield_!(lock.acquire());
    yield_!(co::sleep(HOUR));
}

#[test]
fn the_tree_is_there_as_a_page_as_text_and_as_json() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _parent = parent(sleeper(HOUR, HOUR));
        let page = yield_!(text(server, "coroutines"));
        let (list, detail) = parts(&page);
        let (above, below) = list.split_once(">parent</a>").expect("the parent");
        assert!(!above.contains(">sleeper</a>") && below.contains(">sleeper</a>"));
        assert!(below.contains("<code class=\"operand\">co::sleep(first)</code>"));
        assert!(below.contains("<b>timer</b> due in 59 min"));
        assert!(detail.contains("></aside>"), "nothing is chosen");

        let tree = yield_!(text(server, "coroutines.txt"));
        assert!(tree.contains("\ninspect::parent #"), "{tree}");
        assert!(tree.contains("\n  inspect::sleeper #"), "{tree}");

        let json = yield_!(text(server, "coroutines.json"));
        let json: Value = serde_json::from_str(&json).expect("JSON");
        let coroutines = json["coroutines"].as_array().expect("a list");
        let sleeper = coroutines.iter().find(|one| one["name"] == "sleeper");
        let sleeper = sleeper.expect("the sleeper");
        assert_eq!(sleeper["operand"], "co::sleep(first)");
        assert_eq!(sleeper["id"].to_string(), id_of(&page, "sleeper"));
    }
    inspecting(body);
}

#[test]
fn the_picture_of_a_coroutine_has_its_present_state_marked() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let (first, second) = (sleeper(HOUR, HOUR), sleeper(Duration::ZERO, HOUR));
        yield_!(co::sleep(Duration::from_millis(5)));
        // Written so that the name does not stand in this operand.
        let page = yield_!(text(server, "coroutines?order=largest&filter=%73leeper"));
        let ids: Vec<String> = page
            .split("data-id=\"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or(rest).to_owned())
            .collect();
        assert_eq!(ids.len(), 2, "{page}");
        for (id, present) in ids.into_iter().zip([0, 1]) {
            let marked = format!("state-{present}\" class=\"state present\"");
            let page = yield_!(text(server, format!("coroutines?of={id}")));
            let (_, detail) = parts(&page);
            assert!(detail.contains(&marked), "{detail}");
            assert_eq!(detail.matches("▶ here").count(), 1);
            assert!(!page.contains("<style"), "the policy allows none");
            let link = format!("coroutines/graph.svg?of={id}");
            assert!(detail.contains(&link), "{detail}");
            let svg = yield_!(text(server, link));
            assert!(svg.starts_with("<svg") && svg.contains("<style>"), "{svg}");
            assert!(svg.contains(&marked), "{svg}");
        }
        drop((first, second));
    }
    inspecting(body);
}

#[test]
fn who_waits_for_a_lock_has_a_link_to_its_holder() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let lock = Rc::new(Lock::new(()));
        let _both = (holder(lock.clone()), holder(lock));
        let page = yield_!(text(server, "coroutines?each=1"));
        let (_, held) = page.split_once("<b>lock</b> made at").expect("a lock");
        let (_, link) = held.split_once("held by <a href=\"").expect("a link");
        assert!(
            link.contains(&format!("of={}\">holder #", id_of(&page, "holder"))),
            "{link}"
        );
    }
    inspecting(body);
}

#[test]
fn the_request_itself_is_named() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let page = yield_!(text(server, "coroutines"));
        let (before, _) = page.split_once(">this request<").expect("the request");
        assert_eq!(page.matches(">this request<").count(), 1);
        let (_, connection) = before
            .split_once(">http connection</a>")
            .expect("its connection");
        assert!(connection.contains(">inspect coroutines</a>"));
    }
    inspecting(body);
}

#[co::coroutine(name = "<script>alert('&\"')</script>")]
fn hostile(of: Future<()>) {
    yield_!(of);
}

#[test]
fn hostile_names_and_filters_are_text() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let (_promise, future) = promise();
        let _hostile = hostile(future);
        let page = yield_!(text(server, "coroutines"));
        let id = id_of(
            &page,
            "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;",
        );
        let page = yield_!(text(
            server,
            format!("coroutines?of={id}&filter=%22%3E%3Cscript%3Ealert")
        ));
        assert!(!page.contains("<script>"), "{page}");
        assert!(page.contains("value=\"&quot;&gt;&lt;script&gt;alert\""));
        let svg = yield_!(text(server, format!("coroutines/graph.svg?of={id}")));
        assert!(!svg.contains("<script>"), "{svg}");
    }
    inspecting(body);
}

#[co::coroutine]
fn alike() {
    yield_!(co::sleep(HOUR));
}

#[test]
fn those_that_are_alike_are_counted_and_shown_page_by_page() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _many: Vec<_> = (0..10_000).map(|_| alike()).collect();
        let page = yield_!(text(server, "coroutines"));
        assert_eq!(count(&page, "alike"), 1);
        assert!(page.len() < 20_000, "{} bytes", page.len());
        let (before, _) = page
            .split_once(">and 9,999 more like this</a>")
            .expect("the rest");
        let link = before.rsplit("href=\"").next().expect("a link");
        let link = link.trim_end_matches('"').replace("&amp;", "&");
        let page = yield_!(text(server, format!("coroutines{link}")));
        assert_eq!(count(&page, "alike"), 100);
        assert!(page.contains("page 1 of 100"));
        let last = yield_!(text(server, format!("coroutines{link}&page=99")));
        assert_eq!(count(&last, "alike"), 100);
        assert_ne!(
            id_of(parts(&page).0, "alike"),
            id_of(parts(&last).0, "alike")
        );
        assert!(last.contains("page 100 of 100") && !last.contains("rel=\"next\""));
    }
    inspecting(body);
}

#[co::coroutine(name = "visit of {_whom}")]
fn visit(_whom: usize) {
    yield_!(co::sleep(HOUR));
}

#[test]
fn names_with_arguments_are_shown_and_do_not_keep_coroutines_from_being_alike() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _visits: Vec<_> = (0..10).map(visit).collect();
        let page = yield_!(text(server, "coroutines"));
        assert_eq!(count(&page, "visit of 0"), 1);
        assert!(page.contains(">and 9 more like this</a>"), "{page}");
    }
    inspecting(body);
}

#[test]
fn the_loop_is_shown_in_numbers() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _many: Vec<_> = (0..1000).map(|_| alike()).collect();
        let page = yield_!(text(server, "coroutines"));
        let (_, numbers) = page.split_once("id=\"metrics\"").expect("numbers");
        let (before, _) = numbers.split_once(" timers").expect("timers");
        // The request's own are among them.
        assert!(before.contains("· 1,00"), "{numbers}");
    }
    inspecting(body);
}

#[co::coroutine]
fn descend(depth: u32) {
    match depth {
        0 => yield_!(co::sleep(HOUR)),
        depth => yield_!(descend(depth - 1)),
    }
}

#[test]
fn a_chain_that_is_too_deep_goes_on_on_a_page_of_its_own() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _chain = descend(1000);
        let page = yield_!(text(server, "coroutines"));
        let shown = count(&page, "descend");
        assert!((20..50).contains(&shown), "{shown}");
        let rest = format!(">{} coroutines and parts further down</a>", 1001 - shown);
        let (before, _) = page.split_once(&rest).expect("the rest");
        let link = before
            .rsplit("href=\"")
            .next()
            .expect("a link")
            .trim_end_matches('"');
        let next = yield_!(text(server, format!("coroutines{link}")));
        assert_eq!(count(&next, "descend"), shown);
    }
    inspecting(body);
}

#[test]
fn a_filter_shows_those_it_names_and_those_above_them() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _all = (parent(sleeper(HOUR, HOUR)), alike());
        let page = yield_!(text(server, "coroutines?filter=SLEEP%20"));
        assert_eq!(
            ["parent", "sleeper", "alike"].map(|name| count(&page, name)),
            [1, 1, 1],
            "by name and by operand"
        );
        let page = yield_!(text(server, "coroutines?filter=sleeper"));
        assert_eq!(
            ["parent", "sleeper", "alike"].map(|name| count(&page, name)),
            [1, 1, 0]
        );
        let page = yield_!(text(
            server,
            "coroutines?filter=tests/inspect.rs&order=longest"
        ));
        assert_eq!(
            ["parent", "sleeper", "alike", "http connection"].map(|name| count(&page, name)),
            [1, 1, 1, 0]
        );
    }
    inspecting(body);
}

#[test]
fn those_that_have_waited_longest_come_first_if_that_is_asked() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let _old = alike();
        yield_!(co::sleep(Duration::from_millis(30)));
        let _new = parent(sleeper(HOUR, HOUR));
        let page = yield_!(text(server, "coroutines?order=longest"));
        let (before, after) = page.split_once(">alike</a>").expect("the old one");
        assert!(!before.contains(">parent</a>") && after.contains(">parent</a>"));
    }
    inspecting(body);
}

#[test]
fn a_coroutine_that_has_ended_is_not_found_but_the_others_are() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        let ending = alike();
        let _staying = sleeper(HOUR, HOUR);
        let page = yield_!(text(server, "coroutines"));
        let id = id_of(&page, "alike");
        assert!(ending.cancel());
        for query in ["of", "from"] {
            let page = yield_!(get(server, format!("coroutines?{query}={id}")));
            assert_eq!(page.status(), 404);
            assert!(page.text().contains("ended"));
        }
        let page = yield_!(get(server, format!("coroutines?of={id}")));
        assert_eq!(count(&page.text(), "sleeper"), 1);
        let svg = yield_!(get(server, format!("coroutines/graph.svg?of={id}")));
        assert_eq!(
            (svg.status().as_u16(), &*svg.text()),
            (404, "This coroutine has ended.\n")
        );
    }
    inspecting(body);
}

const PATHS: [&str; 7] = [
    "coroutines",
    "coroutines.txt",
    "coroutines.json",
    "coroutines/graph.svg?of=1",
    "coroutines/style.css",
    "coroutines/graph.css",
    "coroutines/script.js",
];

/// What the server answers to a request with these headers.
#[co::coroutine]
fn talk(server: SocketAddr, path: &'static str, headers: &'static str) -> String {
    let stream = yield_!(TcpStream::connect(server)).expect("a connection");
    let request = format!("GET /debug/{path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n");
    yield_!(stream.write_all(request.as_bytes())).expect("a server that reads");
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        match yield_!(stream.read(&mut buffer)).expect("a server that does not reset") {
            0 => return String::from_utf8_lossy(&all).into_owned(),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

#[test]
fn other_hosts_and_what_proxies_forward_are_refused() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        for path in PATHS {
            for headers in [
                "Host: evil.example",
                "Host: localhost\r\nX-Forwarded-For: 10.0.0.1",
            ] {
                let answer = yield_!(talk(server, path, headers));
                assert!(
                    answer.starts_with("HTTP/1.1 403 "),
                    "{path} {headers}: {answer}"
                );
                assert!(answer.contains("allow_remote(true)"), "{answer}");
                assert!(!answer.contains("inspect coroutines"), "{answer}");
            }
            let answer = yield_!(talk(server, path, "Host: localhost:1"));
            assert!(!answer.starts_with("HTTP/1.1 403 "), "{path}: {answer}");
        }
    }
    inspecting(body);
}

#[test]
fn anybody_may_look_who_is_allowed_to() {
    watchdog(LIMIT, || {
        let open = inspect::Inspector::new().allow_remote(true).application();
        let server = Application::new()
            .nest("/debug", open)
            .listen("127.0.0.1:0");
        let server = server.expect("a free port").local_addr();
        let talk = move || {
            talk(
                server,
                "coroutines",
                "Host: app.example\r\nX-Forwarded-For: 10.0.0.1",
            )
        };
        let answer = IoLoop::current().run_sync(talk).expect("an end");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    });
}

#[test]
fn every_answer_forbids_what_the_page_does_not_need() {
    #[co::coroutine]
    fn body(server: SocketAddr) {
        for path in PATHS {
            let response = yield_!(get(server, path));
            let header = |name: &str| {
                response
                    .headers()
                    .get(name)
                    .and_then(|value| value.to_str().ok())
                    .unwrap_or_default()
                    .to_owned()
            };
            assert!(
                header("content-security-policy").starts_with("default-src 'none'; "),
                "{path}"
            );
            assert!(
                !header("content-security-policy").contains("script-src 'unsafe"),
                "{path}"
            );
            assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(
                header("cross-origin-resource-policy"),
                "same-origin",
                "{path}"
            );
            assert_eq!(header("cache-control"), "no-store", "{path}");
            assert_eq!(header("access-control-allow-origin"), "", "{path}");
        }
    }
    inspecting(body);
}

#[test]
fn a_port_of_its_own_is_of_the_loopback_interface_and_leads_to_the_page() {
    watchdog(LIMIT, || {
        let server = inspect::listen(0).expect("a free port").local_addr();
        assert!(server.ip().is_loopback());
        let home = move || get(server, "../");
        let home = IoLoop::current().run_sync(home).expect("an end");
        assert_eq!(home.headers()["location"], "/debug/coroutines");
        let slash = IoLoop::current()
            .run_sync(move || get(server, "coroutines/"))
            .expect("an end");
        assert_eq!(slash.headers()["location"], "../coroutines");
    });
}
