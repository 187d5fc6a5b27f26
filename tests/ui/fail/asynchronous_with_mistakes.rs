use coroutine_http::{Application, RequestHandler, asynchronous};

#[asynchronous(gen)]
async fn get(handler: RequestHandler) -> &'static str {
    "text"
}

fn main() {
    let _ = Application::new().get("/", get);
}
