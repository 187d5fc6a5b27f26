use coroutine_core as co;
use coroutine_http::HttpClient;

#[co::coroutine]
fn get_web() {
    let http_client = HttpClient::new();
    let _response = yield_!(http_client.fetch("http://127.0.0.1:8889/"));
}

fn main() {}
