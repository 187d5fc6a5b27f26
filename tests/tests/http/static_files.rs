//! Files of a directory.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use coroutine_core as co;
use coroutine_core::net::TcpStream;
use coroutine_http::{Application, HttpResponse, HttpServer, Method, RequestHandler, StaticFiles};
use coroutine_tests::OnDrop;

use super::support::{answer, deserted, read_all, read_until, serve, status_of, talk, to};

/// A directory that is removed in the end, in a directory with a secret.
struct Site {
    directory: PathBuf,
    _removed: OnDrop,
}

impl Site {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("coroutine-static-{}-{number}", std::process::id());
        let outer = std::env::temp_dir().join(name);
        let directory = outer.join("public");
        fs::create_dir_all(directory.join("sub")).expect("a directory");
        fs::create_dir_all(outer.join("publicity")).expect("a directory");
        for (name, text) in [
            ("public/a.txt", "0123456789"),
            ("public/empty.css", ""),
            ("public/sub/index.html", "<p>index</p>"),
            ("public/sub/b c.unknown", "x"),
            ("public/.hidden", "hidden"),
            ("secret", "secret"),
            ("publicity/secret", "secret"),
        ] {
            fs::write(outer.join(name), text).expect("a file");
        }
        Self {
            directory,
            _removed: OnDrop::new(move || fs::remove_dir_all(outer).expect("no directory")),
        }
    }

    fn serve(&self) -> HttpServer {
        self.serve_with(|files| files)
    }

    fn serve_with(&self, set: impl FnOnce(StaticFiles) -> StaticFiles) -> HttpServer {
        let files = set(StaticFiles::new(&self.directory));
        serve(Application::new().static_files("/static/", files))
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.directory.join(name), bytes).expect("a file");
    }
}

fn headers<'a>(response: &'a HttpResponse, names: &[&str]) -> Vec<Option<&'a str>> {
    names.iter().map(|name| response.header(*name)).collect()
}

#[co::test(timeout = 10)]
fn a_file_is_described_and_sent() {
    let site = Site::new();
    let server = site.serve();
    let response = yield_!(answer(to(&server, "/static/a.txt")));
    assert_eq!((response.code(), &*response.text()), (200, "0123456789"));
    assert_eq!(
        headers(
            &response,
            &[
                "Content-Type",
                "Content-Length",
                "Accept-Ranges",
                "Cache-Control"
            ]
        ),
        [Some("text/plain"), Some("10"), Some("bytes"), None]
    );
    assert!(response.header("ETag").is_some() && response.header("Last-Modified").is_some());
    let head = yield_!(answer(to(&server, "/static/a.txt").method(Method::HEAD)));
    let names = ["Content-Length", "ETag", "Last-Modified", "Content-Type"];
    assert_eq!(headers(&head, &names), headers(&response, &names));
    assert!(head.body().is_empty());
}

#[co::test(timeout = 10)]
fn files_may_be_empty_have_strange_names_and_types() {
    let site = Site::new();
    let server = site.serve();
    for (path, kind, text) in [
        ("/static/empty.css", "text/css", ""),
        ("/static/sub/b%20c.unknown", "application/octet-stream", "x"),
    ] {
        let response = yield_!(answer(to(&server, path)));
        assert_eq!((response.code(), &*response.text()), (200, text));
        assert_eq!(response.header("Content-Type"), Some(kind));
    }
}

#[co::test(timeout = 10)]
fn parts_of_a_file_are_sent() {
    let site = Site::new();
    let server = site.serve();
    for (range, code, text, told) in [
        ("bytes=2-4", 206, "234", Some("bytes 2-4/10")),
        ("bytes=0-", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("bytes=8-100", 206, "89", Some("bytes 8-9/10")),
        ("bytes=10-", 416, "", Some("bytes */10")),
        ("bytes=0-1,4-5", 200, "0123456789", None),
        ("bytes=x", 200, "0123456789", None),
    ] {
        let response = yield_!(answer(to(&server, "/static/a.txt").header("Range", range)));
        assert_eq!(
            (response.code(), &*response.text()),
            (code, text),
            "{range}"
        );
        assert_eq!(response.header("Content-Range"), told, "{range}");
    }
    let request = to(&server, "/static/a.txt").method(Method::HEAD);
    let head = yield_!(answer(request.header("Range", "bytes=2-4")));
    assert_eq!(
        (head.code(), head.header("Content-Length")),
        (200, Some("10"))
    );
}

#[co::test(timeout = 10)]
fn a_part_is_sent_only_of_the_file_that_the_client_knows() {
    let site = Site::new();
    let server = site.serve();
    let file = yield_!(answer(to(&server, "/static/a.txt")));
    let (etag, date) = (file.header("ETag"), file.header("Last-Modified"));
    let etag = etag.expect("a tag");
    let weak = format!("W/{etag}");
    for (condition, code) in [
        (etag, 206),
        (date.expect("a date"), 206),
        (&*weak, 200),
        ("\"other\"", 200),
        ("Sun, 09 Sep 2001 01:46:40 GMT", 200),
        ("nonsense", 200),
    ] {
        let request = to(&server, "/static/a.txt").header("Range", "bytes=1-2");
        let response = yield_!(answer(request.header("If-Range", condition)));
        assert_eq!(response.code(), code, "{condition}");
    }
}

#[co::test(timeout = 10)]
fn a_file_that_the_client_has_is_not_sent_again() {
    let site = Site::new();
    let server = site.serve();
    let file = yield_!(answer(to(&server, "/static/a.txt")));
    let etag = file.header("ETag").expect("a tag");
    let date = file.header("Last-Modified").expect("a date");
    let old = "Sun, 09 Sep 2001 01:46:40 GMT";
    for (name, value, code) in [
        ("If-None-Match", etag, 304),
        ("If-None-Match", "*", 304),
        ("If-None-Match", "\"other\"", 200),
        ("If-Modified-Since", date, 304),
        ("If-Modified-Since", old, 200),
        ("If-Match", etag, 200),
        ("If-Match", "\"other\"", 412),
        ("If-Unmodified-Since", date, 200),
        ("If-Unmodified-Since", old, 412),
    ] {
        let response = yield_!(answer(to(&server, "/static/a.txt").header(name, value)));
        assert_eq!(response.code(), code, "{name}: {value}");
        assert_eq!(response.body().is_empty(), code != 200, "{name}: {value}");
    }
}

#[co::test(timeout = 10)]
fn a_file_that_is_written_has_another_tag() {
    let site = Site::new();
    let server = site.serve();
    let before = yield_!(answer(to(&server, "/static/a.txt")));
    site.write("a.txt", "9876543210");
    let file = fs::File::options()
        .write(true)
        .open(site.directory.join("a.txt"));
    let later = SystemTime::now() + Duration::from_secs(10);
    file.expect("a file")
        .set_modified(later)
        .expect("another time");
    let etag = before.header("ETag").expect("a tag");
    let after = yield_!(answer(
        to(&server, "/static/a.txt").header("If-None-Match", etag)
    ));
    assert_eq!((after.code(), &*after.text()), (200, "9876543210"));
}

#[co::test(timeout = 10)]
fn nothing_outside_is_served() {
    let site = Site::new();
    let outer = site.directory.parent().expect("a directory");
    symlink(outer.join("secret"), site.directory.join("link")).expect("a link");
    symlink(outer, site.directory.join("up")).expect("a link");
    symlink("a.txt", site.directory.join("inner")).expect("a link");
    symlink("ring", site.directory.join("ring")).expect("a link");
    let server = site.serve();
    for (path, code) in [
        ("../secret", 403),
        ("..%2fsecret", 403),
        ("%2e%2e/secret", 403),
        ("sub/../../secret", 403),
        ("sub/../a.txt", 403),
        ("/etc/passwd", 404),
        ("%2fetc%2fpasswd", 404),
        ("../publicity/secret", 403),
        ("link", 403),
        ("up/secret", 403),
        ("up", 403),
        ("ring", 404),
        ("a.txt/", 404),
        ("a.txt/x", 404),
        ("./a.txt", 404),
        ("sub//index.html", 404),
        ("a.txt%00", 404),
        (".hidden", 404),
        ("missing", 404),
        ("sub/", 403),
        ("", 403),
        ("inner", 200),
    ] {
        let request =
            format!("GET /static/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let response = yield_!(talk(server.local_addr(), request));
        assert_eq!(status_of(&response), code.to_string(), "{path}: {response}");
        assert!(!response.contains("secret"), "{path}: {response}");
    }
    let long = format!("/static/{}", "x".repeat(5000));
    assert_eq!(yield_!(answer(to(&server, &long))).code(), 404);
}

#[co::test(timeout = 10)]
fn a_pipe_is_no_file() {
    let site = Site::new();
    let pipe = site.directory.join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo").success());
    assert_eq!(
        yield_!(answer(to(&site.serve(), "/static/pipe"))).code(),
        403
    );
}

#[co::test(timeout = 10)]
fn hidden_files_are_served_if_that_is_said() {
    let site = Site::new();
    let server = site.serve_with(|files| files.serve_hidden(true));
    assert_eq!(
        yield_!(answer(to(&server, "/static/.hidden"))).text(),
        "hidden"
    );
    assert_eq!(yield_!(answer(to(&server, "/static/.."))).code(), 404);
}

#[co::test(timeout = 10)]
fn a_directory_has_a_default_file() {
    let site = Site::new();
    site.write("index.html", "<p>root</p>");
    let server = site.serve_with(|files| files.default_filename("index.html"));
    assert_eq!(
        yield_!(answer(to(&server, "/static/"))).text(),
        "<p>root</p>"
    );
    let index = yield_!(answer(to(&server, "/static/sub/")));
    assert_eq!(
        (&*index.text(), index.header("Content-Type")),
        ("<p>index</p>", Some("text/html"))
    );
    let redirected = yield_!(answer(to(&server, "/static/sub?a=1")));
    assert_eq!(redirected.code(), 301);
    assert_eq!(redirected.header("Location"), Some("/static/sub/?a=1"));
}

#[co::test(timeout = 10)]
fn only_get_and_head_are_answered() {
    let site = Site::new();
    let response = yield_!(answer(
        to(&site.serve(), "/static/a.txt").method(Method::DELETE)
    ));
    assert_eq!(
        (response.code(), response.header("Allow")),
        (405, Some("GET, HEAD"))
    );
}

#[co::test(timeout = 10)]
fn a_url_has_the_version_of_its_file_and_is_kept_for_ever() {
    #[co::coroutine]
    fn show(mut handler: RequestHandler) {
        let path = handler.query_argument("path").unwrap_or_default();
        handler.write(yield_!(handler.static_url(path)));
    }
    let site = Site::new();
    let files = StaticFiles::new(&site.directory);
    let server = serve(
        Application::new()
            .static_files("/static/", files)
            .get("/url", show),
    );
    let url = yield_!(answer(to(&server, "/url?path=a.txt")))
        .text()
        .into_owned();
    // The beginning of the hash that `sha256sum` gives.
    assert_eq!(url, "/static/a.txt?v=84d89877f0d4041efb6bf91a16f0248f");
    let response = yield_!(answer(to(&server, &url)));
    assert_eq!(
        response.header("Cache-Control"),
        Some("max-age=315360000, immutable")
    );
    site.write("a.txt", "something longer");
    let other = yield_!(answer(to(&server, "/url?path=a.txt")))
        .text()
        .into_owned();
    assert_ne!(other, url);
    let unknown = yield_!(answer(to(&server, "/url?path=b c/../é")))
        .text()
        .into_owned();
    assert_eq!(unknown, "/static/b%20c/../%C3%A9");
}

fn large() -> Vec<u8> {
    (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect()
}

#[co::test(timeout = 15)]
fn a_large_file_comes_whole_and_in_parts() {
    let site = Site::new();
    let bytes = large();
    site.write("large.bin", &bytes);
    let server = site.serve();
    let response = yield_!(answer(to(&server, "/static/large.bin")));
    assert_eq!(response.header("Content-Length"), Some("12000000"));
    assert!(*response.body() == bytes);
    let request = to(&server, "/static/large.bin").header("Range", "bytes=1000001-9000000");
    let response = yield_!(answer(request));
    assert!(response.body()[..] == bytes[1_000_001..=9_000_000]);
}

#[co::test(timeout = 15)]
fn a_client_that_leaves_in_the_middle_is_no_error() {
    let site = Site::new();
    site.write("large.bin", large());
    let server = Rc::new(site.serve());
    let client = Rc::new(yield_!(TcpStream::connect(server.local_addr())).expect("a connection"));
    yield_!(client.write_all(b"GET /static/large.bin HTTP/1.1\r\nHost: x\r\n\r\n"))
        .expect("a server");
    yield_!(read_until(client.clone(), "\r\n\r\n"));
    drop(client);
    yield_!(deserted(server.clone()));
    assert_eq!(yield_!(answer(to(&server, "/static/a.txt"))).code(), 200);
}

#[co::test(timeout = 15)]
fn a_file_that_becomes_shorter_is_cut_and_not_filled() {
    let site = Site::new();
    site.write("large.bin", large());
    let server = site.serve();
    let client = yield_!(TcpStream::connect(server.local_addr())).expect("a connection");
    yield_!(client.write_all(b"GET /static/large.bin HTTP/1.1\r\nHost: x\r\n\r\n"))
        .expect("a server");
    let client = Rc::new(client);
    yield_!(read_until(client.clone(), "\r\n\r\n"));
    let file = fs::File::options()
        .write(true)
        .open(site.directory.join("large.bin"));
    file.expect("a file").set_len(10).expect("a shorter file");
    let client = Rc::into_inner(client).expect("nobody else");
    assert!(yield_!(read_all(client)).len() < 12_000_000);
}

#[co::test(timeout = 10)]
fn a_file_whose_date_no_header_can_say_is_served_without_one() {
    let site = Site::new();
    let server = site.serve();
    let file = fs::File::options()
        .write(true)
        .open(site.directory.join("a.txt"));
    let before_all_dates = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    file.and_then(|file| file.set_modified(before_all_dates))
        .expect("a file of that time");
    let since = "Sat, 01 Jan 2000 00:00:00 GMT";
    for (header, code) in [
        ("If-Modified-Since", 304),
        ("If-Unmodified-Since", 206),
        ("If-Range", 200),
    ] {
        let request = to(&server, "/static/a.txt").header(header, since);
        let response = yield_!(answer(request.header("Range", "bytes=1-")));
        assert_eq!(response.code(), code, "{header}");
        assert_eq!(headers(&response, &["Last-Modified"]), [None]);
    }
}

#[co::test(timeout = 10)]
fn a_redirect_to_a_directory_stays_at_the_host() {
    let site = Site::new();
    let files = StaticFiles::new(&site.directory).default_filename("index.html");
    let server = serve(
        Application::new().route("/{*any}", move |handler: RequestHandler| {
            files.serve(handler, "sub")
        }),
    );
    for (path, status) in [
        ("/here", "301"),
        ("//example.org", "403"),
        ("/\\example.org", "403"),
    ] {
        let request = format!("GET {path} HTTP/1.0\r\n\r\n");
        let response = yield_!(talk(server.local_addr(), request));
        assert_eq!(status_of(&response), status, "{response}");
    }
}
