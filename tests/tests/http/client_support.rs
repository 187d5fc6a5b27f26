//! Servers whose answers are scripted, to test the client against.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use coroutine_core as co;
use coroutine_core::net::{TcpListener, TcpStream};
use coroutine_http::{AsyncHttpClient, HttpError, HttpRequest, HttpResponse};

use super::support::{listener, read_until};

/// What a scripted server has seen and does.
pub(crate) struct Script {
    pub(crate) url: String,
    /// The heads of the requests, each after the number of its connection.
    pub(crate) seen: Rc<RefCell<Vec<(usize, String)>>>,
    /// The connections, from the first one on.
    pub(crate) connections: Rc<RefCell<Vec<Rc<TcpStream>>>>,
    serving: co::Future<()>,
}

impl Drop for Script {
    fn drop(&mut self) {
        self.serving.cancel();
    }
}

impl Script {
    /// Answers the n-th request of all, none of which has a body, with the n-th of `answers`; the last one is for all others. An answer that ends with `<close>` closes
    /// the connection then.
    pub(crate) fn new(answers: &[&'static str]) -> Self {
        let answers: Rc<[&'static str]> = answers.into();
        let (listener, url) = listener();
        let (seen, connections) = (Rc::default(), Rc::default());
        let next = Rc::new(Cell::new(0));
        let serving = accept(
            listener,
            Rc::clone(&seen),
            Rc::clone(&connections),
            next,
            answers,
        );
        Self {
            url,
            seen,
            connections,
            serving,
        }
    }

    /// On which connections requests have come.
    pub(crate) fn numbers(&self) -> Vec<usize> {
        self.seen
            .borrow()
            .iter()
            .map(|(number, _)| *number)
            .collect()
    }

    /// The head of the n-th request, in lower case.
    pub(crate) fn head(&self, n: usize) -> String {
        self.seen.borrow()[n].1.to_lowercase()
    }
}

type Seen = Rc<RefCell<Vec<(usize, String)>>>;

#[co::coroutine]
fn accept(
    listener: TcpListener,
    seen: Seen,
    connections: Rc<RefCell<Vec<Rc<TcpStream>>>>,
    next: Rc<Cell<usize>>,
    answers: Rc<[&'static str]>,
) {
    let mut all = Vec::new();
    loop {
        let (stream, _) = yield_!(listener.accept()).expect("a client");
        let stream = Rc::new(stream);
        let number = connections.borrow().len();
        connections.borrow_mut().push(stream.clone());
        all.push(Answering(answer(
            stream,
            number,
            seen.clone(),
            next.clone(),
            answers.clone(),
        )));
    }
}

struct Answering(co::Future<()>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[co::coroutine]
fn answer(
    stream: Rc<TcpStream>,
    number: usize,
    seen: Seen,
    next: Rc<Cell<usize>>,
    answers: Rc<[&'static str]>,
) {
    while let Some(head) = yield_!(head_of(stream.clone())) {
        seen.borrow_mut().push((number, head));
        let n = next.replace(next.get() + 1);
        let answer = answers[n.min(answers.len() - 1)];
        let (text, closes) = match answer.strip_suffix("<close>") {
            Some(text) => (text, true),
            None => (answer, false),
        };
        if yield_!(stream.write_all(text.as_bytes())).is_err() || closes {
            let _ = stream.shutdown(std::net::Shutdown::Both);
            return;
        }
    }
}

/// The next head. None at the end.
#[co::coroutine]
fn head_of(stream: Rc<TcpStream>) -> Option<String> {
    let mut first = [0];
    match yield_!(stream.read(&mut first)) {
        Ok(1) => {}
        _ => return None,
    }
    let rest = yield_!(read_until(stream, "\r\n\r\n"));
    Some(format!("{}{rest}", char::from(first[0])))
}

pub(crate) const HELLO: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

pub(crate) fn fetch(request: HttpRequest) -> co::Future<Result<HttpResponse, HttpError>> {
    AsyncHttpClient::new().fetch(request)
}

/// Fetches, and gives the body as text.
#[co::coroutine]
pub(crate) fn text(client: AsyncHttpClient, url: String) -> String {
    let response = yield_!(client.fetch(url)).expect("an answer");
    response.text().into_owned()
}
