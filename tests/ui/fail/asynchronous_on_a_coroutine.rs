use coroutine_core as co;
use coroutine_http::{Application, RequestHandler};

#[coroutine_http::asynchronous]
#[co::coroutine]
fn above(handler: RequestHandler) {
    yield_!(co::moment());
    handler.finish();
}

#[co::coroutine]
#[coroutine_http::asynchronous]
fn below(handler: RequestHandler) {
    yield_!(co::moment());
    handler.finish();
}

fn main() {
    let _ = Application::new().get("/above", above).get("/below", below);
}
