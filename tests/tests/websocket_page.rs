//! The page of the example `websocket_chat`, in a real browser, which is driven through its DevTools: these speak WebSocket as well.
//!
//! Where Chromium is not installed (Debian: `apt-get install chromium`), that is said, and nothing is tried.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio, id};
use std::time::Duration;

use co::IoLoop;
use coroutine_core as co;
use coroutine_http::{AsyncHttpClient, HttpServer, WebSocket, websocket_connect};
use coroutine_tests::watchdog;
use serde_json::{Value, json};

#[allow(dead_code, reason = "the test has a `main` of its own")]
#[path = "../../examples/examples/websocket_chat.rs"]
mod example;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn find_browser() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let mut paths =
        std::env::split_paths(&folders).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    paths.find(|path| path.is_file())
}

struct Browser {
    child: Child,
    folder: PathBuf,
    /// Where its DevTools are.
    address: String,
}

impl Browser {
    fn start(program: PathBuf) -> Self {
        let folder = std::env::temp_dir().join(format!("coroutine-browser-{}", id()));
        let mut child = Command::new(program)
            .args([
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
            ])
            .args(["--no-first-run", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", folder.display()))
            .arg("about:blank")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("a browser that can be run");
        let lines = BufReader::new(child.stderr.take().expect("piped")).lines();
        let mut lines = lines.map(|line| line.expect("text"));
        let address = lines.find_map(|line| {
            let url = line.strip_prefix("DevTools listening on ws://")?;
            Some(url.split('/').next()?.to_owned())
        });
        // What else it says is of no interest, but it is to find somebody who reads.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            folder,
            address: address.expect("a browser that says where its DevTools are"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // They fail where it has gone.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A page of the browser's.
struct Page {
    socket: WebSocket,
    last: u64,
}

impl Page {
    async fn open(browser: &Browser) -> Self {
        let list = format!("http://{}/json/list", browser.address);
        let list = AsyncHttpClient::new().fetch(list).await.expect("a list");
        let list: Value = serde_json::from_slice(list.body()).expect("JSON");
        let pages = list.as_array().expect("a list");
        let page = pages.iter().find(|page| page["type"] == "page");
        let url = page.expect("a page")["webSocketDebuggerUrl"].as_str();
        let socket = websocket_connect(url.expect("a URL")).await;
        let socket = socket.expect("DevTools that agree");
        Self { socket, last: 0 }
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let request = json!({ "id": self.last, "method": method, "params": params });
        let written = self.socket.write_message(request.to_string()).await;
        written.expect("an open connection");
        loop {
            let message = self.socket.read_message().await.expect("no error");
            let message = message.expect("an answer");
            let answer: Value = serde_json::from_slice(message.as_bytes()).expect("JSON");
            if answer["id"] == self.last {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }

    async fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params).await;
        assert!(
            answer["exceptionDetails"].is_null(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Waits until the expression is true.
    async fn until(&mut self, expression: &str) {
        while self.evaluate(expression).await != true {
            co::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn hear(socket: &WebSocket, wanted: &str) {
    loop {
        let message = socket.read_message().await.expect("no error");
        if message.expect("an open connection").text() == Some(wanted) {
            return;
        }
    }
}

async fn use_the_page(browser: Browser, server: HttpServer) {
    let address = server.local_addr();
    let mut page = Page::open(&browser).await;
    page.call("Page.enable", json!({})).await;
    let phone = json!({ "width": 360, "height": 640, "deviceScaleFactor": 2, "mobile": true });
    page.call("Emulation.setDeviceMetricsOverride", phone).await;
    page.call(
        "Page.navigate",
        json!({ "url": format!("http://{address}/") }),
    )
    .await;
    page.until("document.getElementById('state')?.textContent === 'connected'")
        .await;
    page.until("document.getElementById('present').textContent === 'only you'")
        .await;

    // Somebody else comes, and both say something.
    let ada = websocket_connect(format!("ws://{address}/chat"))
        .await
        .expect("a server that agrees");
    page.until("document.getElementById('present').textContent === '2 people'")
        .await;
    page.evaluate("document.getElementById('name').value = 'Grace'")
        .await;
    page.evaluate("document.getElementById('text').value = 'hello from here'")
        .await;
    page.evaluate("document.getElementById('send').click()")
        .await;
    hear(&ada, "Grace: hello from here").await;
    page.until("document.querySelector('.mine span')?.textContent === 'Gracehello from here'")
        .await;
    assert_eq!(
        page.evaluate("document.getElementById('text').value").await,
        ""
    );
    drop(ada.write_message("Ada: <img src=x onerror=alert(1)>"));
    page.until("document.querySelectorAll('#lines li').length === 2")
        .await;
    let shown = page
        .evaluate("document.querySelector('#lines li:last-child span').lastChild.textContent")
        .await;
    assert_eq!(shown, "<img src=x onerror=alert(1)>");
    assert_eq!(
        page.evaluate("document.querySelectorAll('#lines img').length")
            .await,
        0
    );

    // It fits the phone, and can be used without seeing it.
    let fits = "document.documentElement.scrollWidth <= 360 && document.getElementById('send').getBoundingClientRect().bottom <= innerHeight";
    assert_eq!(page.evaluate(fits).await, true);
    let named = "[...document.querySelectorAll('input')].every(input => input.labels.length === 1) \
        && document.getElementById('lines').getAttribute('role') === 'log' && document.documentElement.lang === 'en'";
    assert_eq!(page.evaluate(named).await, true);

    // The server goes, and the page says so.
    server.shutdown(Duration::from_secs(1)).await;
    page.until("document.getElementById('state').textContent === 'connecting again'")
        .await;
    assert_eq!(
        page.evaluate("document.getElementById('send').disabled")
            .await,
        true
    );
}

#[test]
fn the_page_of_the_chat_works_in_a_browser() {
    let Some(program) = find_browser() else {
        println!("SKIPPED: no Chromium is installed, so the page was not tried");
        return;
    };
    watchdog(Duration::from_secs(20), || {
        let browser = Browser::start(program);
        let server = example::application()
            .listen("127.0.0.1:0")
            .expect("a free port");
        let using = move || use_the_page(browser, server);
        IoLoop::current().run_sync(using).expect("an end");
    });
}
