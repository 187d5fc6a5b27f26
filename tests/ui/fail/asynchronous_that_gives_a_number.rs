use coroutine_http::{Application, RequestHandler, asynchronous};

#[asynchronous]
fn get(handler: RequestHandler) -> u16 {
    handler.finish();
    200
}

fn main() {
    let _ = Application::new().get("/", get);
}
