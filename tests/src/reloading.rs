use std::env;
use std::io::{self, Write};
use std::process::id;
use std::time::Duration;

use coroutine_core::process::fork_processes;
use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, RequestHandler, WebSocketError, autoreload};

fn say(line: &str) {
    io::stdout()
        .write_all(format!("{line}\n").as_bytes())
        .expect("somebody who reads");
}

#[co::coroutine]
fn slow(mut handler: RequestHandler) {
    yield_!(co::sleep(Duration::from_millis(1500)));
    handler.write(format!("slow {VERSION}"));
}

#[co::coroutine]
fn socket(handler: RequestHandler) -> Result<(), WebSocketError> {
    let socket = yield_!(handler.websocket())?;
    while yield_!(socket.read_message())?.is_some() {}
    Ok(())
}

fn application() -> Application {
    Application::new()
        .get("/", |mut handler: RequestHandler| {
            handler.write(format!("{VERSION} {}", id()));
        })
        .get("/slow", slow)
        .get("/socket", socket)
        .autoreload(true)
}

/// The first argument is the address; a second one is a file that is watched as well, or the word `fork`.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let address = arguments.next().expect("an address");
    match arguments.next().as_deref() {
        Some("fork") => {
            if fork_processes(1, || Ok(Vec::new()))?.is_some() {
                let error = application().listen("127.0.0.1:0").expect_err("a worker");
                say(&format!("refused: {error}"));
            }
            return Ok(());
        }
        Some(file) => autoreload::watch(file),
        None => {}
    }
    autoreload::add_reload_hook(|| panic!("this hook fails"));
    autoreload::add_reload_hook(|| say(&format!("{VERSION} goes")));
    // Only the old one asks for this.
    if VERSION == "old" {
        let extra = application().listen("127.0.0.1:0")?;
        say(&format!("extra {}", extra.local_addr()));
    }
    let server = application().listen(address.as_str())?;
    say(&format!("{VERSION} at {}", server.local_addr()));
    IoLoop::current().start()?;
    Ok(())
}
