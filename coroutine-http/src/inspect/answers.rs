//! What the page's requests are answered with.

use std::time::{Duration, Instant};

use coroutine_core::{self as co, Dump, IoLoop, Metrics};
use coroutine_graph::Svg;

use super::guard::Guard;
use super::query::Query;
use super::{page, picture};
use crate::{Application, RequestHandler};

/// Nothing from elsewhere, and no script within the page: whatever slipped through would not be run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A picture that stands by itself has its style sheet in it.
const PICTURE_POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=UTF-8";
const TEXT: &str = "text/plain; charset=UTF-8";
const JSON: &str = "application/json; charset=UTF-8";
const CSS: &str = "text/css; charset=UTF-8";
const SCRIPT: &str = "text/javascript; charset=UTF-8";
const SVG: &str = "image/svg+xml";

/// What is sent.
struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
}

impl Answer {
    fn found(content_type: &'static str, body: String) -> Self {
        Self {
            status: 200,
            content_type,
            body,
        }
    }

    fn text(status: u16, text: &str) -> Self {
        Self {
            status,
            content_type: TEXT,
            body: text.to_owned(),
        }
    }
}

pub(super) fn application(guard: Guard) -> Application {
    Application::new()
        .get("/coroutines", move |handler| look(handler, guard, html))
        .get("/coroutines/", |handler: RequestHandler| {
            handler.redirect_permanently("../coroutines");
        })
        .get("/coroutines.txt", move |handler| look(handler, guard, text))
        .get("/coroutines.json", move |handler| {
            look(handler, guard, json)
        })
        .get("/coroutines/graph.svg", move |handler| {
            look(handler, guard, svg)
        })
        .get("/coroutines/graph.css", move |handler| {
            fixed(handler, guard, CSS, Svg::STYLE);
        })
        .get("/coroutines/style.css", move |handler| {
            fixed(handler, guard, CSS, include_str!("page/style.css"));
        })
        .get("/coroutines/script.js", move |handler| {
            fixed(handler, guard, SCRIPT, include_str!("page/script.js"));
        })
}

/// What a request sees.
pub(super) struct Seen {
    pub(super) dump: Dump,
    /// How long it took to take the dump.
    pub(super) taken: Duration,
    pub(super) metrics: Metrics,
    pub(super) query: Query,
}

/// Takes a dump, and has another thread write the answer.
#[co::coroutine(name = "inspect coroutines")]
fn look(handler: RequestHandler, guard: Guard, write: fn(&Seen) -> Answer) {
    if let Err(refusal) = guard.check(handler.request()) {
        return send(handler, Answer::text(403, refusal.text()));
    }
    // From here on it stands below its connection in the tree, and is all that runs.
    yield_!(co::moment());
    let query = Query::read(handler.request());
    let began = Instant::now();
    let io_loop = IoLoop::current();
    let dump = io_loop.dump();
    let seen = Seen {
        dump,
        taken: began.elapsed(),
        metrics: io_loop.metrics(),
        query,
    };
    let answer = yield_!(io_loop.run_in_executor(move || write(&seen)));
    send(handler, answer);
}

fn html(seen: &Seen) -> Answer {
    let page = page::write(seen);
    let status = if page.is_whole { 200 } else { 404 };
    Answer {
        status,
        content_type: HTML,
        body: page.html,
    }
}

fn text(seen: &Seen) -> Answer {
    Answer::found(TEXT, format!("{}\n", seen.dump))
}

fn json(seen: &Seen) -> Answer {
    match serde_json::to_string(&seen.dump) {
        Ok(body) => Answer::found(JSON, body),
        Err(error) => Answer::text(500, &error.to_string()),
    }
}

fn svg(seen: &Seen) -> Answer {
    let node = seen
        .dump
        .iter()
        .find(|node| Some(node.id().as_u64()) == seen.query.of);
    match node.map(picture::svg) {
        Some(Some(svg)) => Answer::found(SVG, svg),
        Some(None) => Answer::text(404, "No state machine of this coroutine is known.\n"),
        None => Answer::text(404, "This coroutine has ended.\n"),
    }
}

fn fixed(handler: RequestHandler, guard: Guard, content_type: &'static str, text: &'static str) {
    let answer = match guard.check(handler.request()) {
        Ok(()) => Answer::found(content_type, text.to_owned()),
        Err(refusal) => Answer::text(403, refusal.text()),
    };
    send(handler, answer);
}

fn send(mut handler: RequestHandler, answer: Answer) {
    let policy = if answer.content_type == SVG {
        PICTURE_POLICY
    } else {
        POLICY
    };
    handler.set_status(answer.status);
    for (name, value) in [
        ("Content-Type", answer.content_type),
        ("Content-Security-Policy", policy),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ] {
        handler.set_header(name, value);
    }
    handler.write(answer.body);
}
