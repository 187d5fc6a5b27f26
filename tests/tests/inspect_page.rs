//! The page that shows live coroutines, in a real browser.
//!
//! Where Chromium is not installed (Debian: `apt-get install chromium`), that is said, and nothing is tried.

use std::path::{Path, PathBuf};
use std::process::{Command, id};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use coroutine_core::{self as co, Future, IoLoop, promise};
use coroutine_http::inspect;
use coroutine_tests::watchdog;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn find_browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut paths =
        std::env::split_paths(&folders).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    paths.find(|path| path.is_file())
}

/// What a browser has made of a page when its clock, which it puts forward while it has nothing to do, has gone so far, and what it and the scripts said.
fn browse(browser: &Path, url: &str) -> (String, String) {
    let folder = std::env::temp_dir().join(format!("coroutine-inspect-{}", id()));
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-dev-shm-usage", "--no-first-run"])
        .args(["--enable-logging=stderr", "--virtual-time-budget=6000"])
        .arg(format!("--user-data-dir={}", folder.display()))
        .args(["--dump-dom", url])
        .output()
        .expect("a browser that can be run");
    // It fails where the browser has made none.
    let _ = std::fs::remove_dir_all(folder);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[co::coroutine]
fn before_the_change(change: Future<()>) {
    yield_!(change);
    let (_promise, never) = promise::<()>();
    yield_!(after_the_change(never));
}

#[co::coroutine]
fn after_the_change(never: Future<()>) {
    yield_!(never);
}

/// Changes the program when the page has been asked for once.
#[co::coroutine]
fn change(change: co::Promise<()>) {
    let is_asked = || {
        IoLoop::current()
            .dump()
            .iter()
            .any(|node| node.name() == "inspect coroutines")
    };
    while !is_asked() {
        yield_!(co::moment());
    }
    while is_asked() {
        yield_!(co::moment());
    }
    change.set_result(());
}

#[test]
fn the_page_shows_in_a_browser_what_changes_in_the_program() {
    let Some(browser) = find_browser() else {
        println!("SKIPPED: no Chromium is installed, so the page was not tried");
        return;
    };
    watchdog(Duration::from_secs(60), move || {
        let (tell, told) = channel();
        let server = thread::spawn(move || {
            let server = inspect::listen(0).expect("a free port");
            let (promise, changed) = promise();
            let _both = (before_the_change(changed), change(promise));
            let io_loop = IoLoop::current();
            let told = tell.send((server.local_addr(), io_loop.handle()));
            told.expect("a test that waits");
            io_loop.start().expect("a loop that runs");
        });
        let (address, handle) = told.recv().expect("a server");
        let (page, said) = browse(&browser, &format!("http://{address}/"));
        handle.stop();
        server.join().expect("a server that did not panic");
        assert!(page.contains("class=\"scripted\""), "{page}\n{said}");
        assert!(
            !page.contains("<code class=\"operand\">change</code>"),
            "{page}"
        );
        assert!(page.contains(">after_the_change</a>"), "{page}\n{said}");
        let complaints: Vec<_> = said
            .lines()
            .filter(|line| line.contains("CONSOLE"))
            .collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    });
}
