//! Handlers that are types: Tornado's subclasses of `RequestHandler`.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::future::{Ready, ready};
use std::rc::Rc;

use coroutine_core as co;
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};

use super::endpoint::{Endpoint, HandlerResult, Step, caught};
use super::exchange::Exchange;
use super::path::allow;
use super::request_failure::RequestFailure;
use super::request_handler::RequestHandler;
use super::web_error::WebError;

/// How a method of a handler ends. Any error can be given by `?`; a [`WebError`] says how it is to be answered.
type Ended = Result<(), Box<dyn Error>>;

/// A handler that is a type, with a method for each verb. What Tornado makes of a subclass of `RequestHandler`.
///
/// Each request has a value of its own, made by what [`Application::handler`](crate::Application::handler) got, which so does the work of Tornado's
/// `initialize`. Then [`set_default_headers`](Self::set_default_headers), [`prepare`](Self::prepare) and the verb's method are called, and
/// [`on_finish`](Self::on_finish) when the response has been handed over. What one of them leaves for another lies in the value's fields, in a `Cell` or
/// `RefCell`.
///
/// A verb's method and `prepare` are lazy coroutines, which borrow the value; `async fn` will do as well, but a coroutine is named, with the place where it
/// is suspended, in reports. A method that is neither must do nothing before its future is polled, since it is called to find out whether it is there. A
/// verb that has no method is answered with 405 and an `Allow` that lists those which have; HEAD is answered as GET is,
/// and OPTIONS with that list.
///
/// ```
/// use std::cell::RefCell;
/// use std::error::Error;
/// use std::rc::Rc;
/// use coroutine_core as co;
/// use coroutine_http::{Application, RequestHandler, WebError, WebHandler};
///
/// struct Entry {
///     texts: Rc<RefCell<Vec<String>>>,
/// }
///
/// impl WebHandler for Entry {
///     #[co::coroutine(lazy)]
///     fn get(&self, mut handler: RequestHandler) -> Result<(), Box<dyn Error>> {
///         yield_!(co::moment());
///         let id: usize = handler.path_argument("id").unwrap_or_default().parse()?;
///         match self.texts.borrow().get(id) {
///             Some(text) => handler.write(text),
///             None => return Err(WebError::new(404).into()),
///         }
///         Ok(())
///     }
///
///     #[co::coroutine(lazy)]
///     fn post(&self, handler: RequestHandler) -> Result<(), Box<dyn Error>> {
///         let text = String::from_utf8(handler.request().body().to_vec())?;
///         self.texts.borrow_mut().push(text);
///         Ok(())
///     }
/// }
///
/// let texts = Rc::default();
/// let application = Application::new().handler("/entry/{id}", move || Entry {
///     texts: Rc::clone(&texts),
/// });
/// # drop(application);
/// ```
pub trait WebHandler: 'static {
    /// Whether [`prepare`](Self::prepare) and the verb's method are called before the request's body is there, to
    /// [read it](RequestHandler::read_chunk) while it arrives. Tornado's decorator of this name.
    const STREAM_REQUEST_BODY: bool = false;

    /// Sets the headers that each response has, those that tell of errors among them.
    fn set_default_headers(&self, handler: &mut RequestHandler) {
        let _ = handler;
    }

    /// Comes before the verb's method, whatever that is. When it finishes the response, the method is not called.
    fn prepare(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        let _ = handler;
        ready(Ok(()))
    }

    /// Answers GET.
    fn get(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Answers HEAD: as GET, if the type does not say otherwise. The body is not sent.
    fn head(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        self.get(handler)
    }

    /// Answers POST.
    fn post(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Answers PUT.
    fn put(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Answers PATCH.
    fn patch(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Answers DELETE.
    fn delete(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Answers OPTIONS: with 204 and the verbs that have a method, if the type does not say otherwise.
    fn options(&self, handler: RequestHandler) -> impl Future<Output = Ended> {
        unsupported(&handler)
    }

    /// Writes the page that tells of an error. The status is set, and what was written before is gone. The application's page unless the type says otherwise.
    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure) {
        failure.write_page(handler);
    }

    /// Called once, on a turn of the loop after the response was handed over to the connection, or after the handler has ended and nobody is there to have
    /// the response. A handler that ends the response before itself is still at work then, as in Tornado.
    fn on_finish(&self) {}

    /// Called if the client leaves before the response is complete. As in
    /// [`RequestHandler::on_connection_close`](RequestHandler::on_connection_close), the coroutine goes on, unless it
    /// [asks to be cancelled](RequestHandler::cancel_on_connection_close).
    fn on_connection_close(&self) {}
}

/// What there is to call when the verb's method is not at work.
pub(super) trait Life {
    /// The type's name.
    fn name(&self) -> &'static str;
    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure);
    fn on_finish(&self);
    fn on_connection_close(&self);
}

impl<T: WebHandler> Life for T {
    fn name(&self) -> &'static str {
        type_name::<T>()
    }

    fn write_error(&self, handler: &mut RequestHandler, failure: &RequestFailure) {
        WebHandler::write_error(self, handler, failure);
    }

    fn on_finish(&self) {
        WebHandler::on_finish(self);
    }

    fn on_connection_close(&self) {
        WebHandler::on_connection_close(self);
    }
}

/// Makes a value for each request.
pub(super) struct Factory<F>(pub(super) F);

impl<T: WebHandler, F: Fn() -> T> Endpoint for Factory<F> {
    fn start(&self, mut handler: RequestHandler) -> Step {
        caught(|| {
            let value = Rc::new((self.0)());
            value.set_default_headers(&mut handler);
            handler.exchange.begin_life(value.clone());
            live(value, handler, type_name::<T>()).into_step()
        })
        .unwrap_or_else(|failure| Step::Ended(Err(failure)))
    }

    fn streams_request_body(&self) -> bool {
        T::STREAM_REQUEST_BODY
    }
}

#[co::coroutine(name = "{_name}")]
fn live<T: WebHandler>(value: Rc<T>, handler: RequestHandler, _name: &'static str) -> Ended {
    let exchange = handler.exchange.clone();
    let _ending = Ending(exchange.clone());
    yield_!(value.prepare(handler))?;
    if exchange.is_finished() {
        return Ok(());
    }
    match yield_!(answer(&*value, &exchange)) {
        Err(error) if error.is::<Unsupported>() => not_allowed(&*value, &exchange),
        ended => ended,
    }
}

/// Tells the exchange that the handler has ended, however it did.
struct Ending(Rc<Exchange>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.handler_ended();
    }
}

/// Calls the verb's method.
async fn answer<T: WebHandler>(value: &T, exchange: &Rc<Exchange>) -> Ended {
    let handler = RequestHandler::new(Rc::clone(exchange));
    match *exchange.request.method() {
        Method::GET => value.get(handler).await,
        Method::HEAD => value.head(handler).await,
        Method::POST => value.post(handler).await,
        Method::PUT => value.put(handler).await,
        Method::PATCH => value.patch(handler).await,
        Method::DELETE => value.delete(handler).await,
        Method::OPTIONS => value.options(handler).await,
        _ => unsupported(&handler).await,
    }
}

/// A verb without a method.
#[derive(Debug)]
struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the handler has no method for this verb")
    }
}

impl Error for Unsupported {}

/// Unlike the methods that types have, this one does something when it is called and not only when its future is polled: it leaves a mark.
fn unsupported(handler: &RequestHandler) -> Ready<Ended> {
    handler.exchange.unsupported.set(true);
    ready(Err(Unsupported.into()))
}

fn not_allowed<T: WebHandler>(value: &T, exchange: &Rc<Exchange>) -> Ended {
    let allowed = allowed(value, exchange);
    if *exchange.request.method() != Method::OPTIONS {
        return Err(WebError::new(405).header(ALLOW, allowed).into());
    }
    let mut handler = RequestHandler::new(Rc::clone(exchange));
    handler.set_status(StatusCode::NO_CONTENT);
    handler.set_header(ALLOW, allowed);
    Ok(())
}

/// The verbs that have a method. Each is called, but what it gives is not polled, so that nothing of it runs.
fn allowed<T: WebHandler>(value: &T, exchange: &Rc<Exchange>) -> HeaderValue {
    let has = |call: &dyn Fn(RequestHandler)| {
        exchange.unsupported.set(false);
        call(RequestHandler::new(Rc::clone(exchange)));
        !exchange.unsupported.get()
    };
    let verbs = [
        (Method::GET, has(&|handler| drop(value.get(handler)))),
        (Method::HEAD, has(&|handler| drop(value.head(handler)))),
        (Method::POST, has(&|handler| drop(value.post(handler)))),
        (Method::PUT, has(&|handler| drop(value.put(handler)))),
        (Method::PATCH, has(&|handler| drop(value.patch(handler)))),
        (Method::DELETE, has(&|handler| drop(value.delete(handler)))),
    ];
    allow(verbs.iter().filter(|(_, has)| *has).map(|(verb, _)| verb))
}
