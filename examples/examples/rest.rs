//! cargo run --release -p coroutine-examples --example rest -- --once
//!
//! Notes in memory, as JSON over HTTP: made, read, changed, deleted. Without `--once` it goes on serving.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::rc::Rc;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, AsyncHttpClient, HttpError, HttpRequest};
use coroutine_http::{Method, RequestHandler, WebError};
use serde::{Deserialize, Serialize};

#[derive(Clone, Deserialize, Serialize)]
struct Note {
    title: String,
    #[serde(default)]
    done: bool,
}

/// One thread serves all requests, so the notes need no lock.
type Notes = Rc<RefCell<BTreeMap<u32, Note>>>;

fn add(mut handler: RequestHandler, notes: &Notes) -> Result<(), Box<dyn Error>> {
    let note: Note = handler.json()?; // what is no note is answered with 400 or 415
    let mut notes = notes.borrow_mut();
    let id = notes.last_key_value().map_or(1, |(id, _)| id + 1);
    notes.insert(id, note);
    handler.set_status(201);
    handler.set_header("Location", format!("/notes/{id}"));
    Ok(handler.write_json(&id)?)
}

fn one(mut handler: RequestHandler, notes: &Notes) -> Result<(), Box<dyn Error>> {
    let id: u32 = handler.path_argument_as("id")?;
    let mut notes = notes.borrow_mut();
    if handler.request().method() == Method::PUT {
        notes.insert(id, handler.json()?);
    }
    let note = notes.get(&id).cloned().ok_or_else(|| WebError::new(404))?;
    if handler.request().method() == Method::DELETE {
        notes.remove(&id);
    }
    Ok(handler.write_json(&note)?)
}

#[co::coroutine]
fn demonstrate(server: String) -> Result<(), HttpError> {
    for (method, path, body) in [
        (Method::POST, "/notes", r#"{"title": "buy milk"}"#),
        (Method::POST, "/notes", r#"{"title": 3}"#),
        (
            Method::PUT,
            "/notes/1",
            r#"{"title": "milk", "done": true}"#,
        ),
        (Method::GET, "/notes", ""),
        (Method::DELETE, "/notes/1", ""),
        (Method::GET, "/notes/1", ""),
    ] {
        let mut request = HttpRequest::new(format!("{server}{path}")).method(method.clone());
        print!("curl -X {method} {server}{path}");
        if !body.is_empty() {
            print!(" --json '{body}'");
            request = request
                .header("Content-Type", "application/json")
                .body(body);
        }
        println!();
        let answer = AsyncHttpClient::new().fetch(request.raise_error(false));
        let answer = yield_!(answer)?;
        println!("{} {}", answer.code(), answer.text());
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let notes = Notes::default();
    let (all, to_add, each) = (notes.clone(), notes.clone(), notes);
    let list = move |mut handler: RequestHandler| handler.write_json(&*all.borrow());
    let application = Application::new()
        .get("/notes", list)
        .post("/notes", move |handler| add(handler, &to_add))
        .route("/notes/{id}", move |handler| one(handler, &each));
    let server = application.listen("127.0.0.1:0")?;
    let url = format!("http://{}", server.local_addr());
    IoLoop::current().run_sync(move || demonstrate(url))??;
    if std::env::args().all(|argument| argument != "--once") {
        println!("serving at {}", server.local_addr());
        IoLoop::current().start()?;
    }
    Ok(())
}
