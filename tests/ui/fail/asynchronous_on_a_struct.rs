use coroutine_http::asynchronous;

#[asynchronous]
struct Page;

fn main() {
    let _ = Page;
}
