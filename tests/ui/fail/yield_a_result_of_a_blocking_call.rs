use coroutine_core as co;

struct Response;

fn fetch() -> Response {
    Response
}

#[co::coroutine]
fn get_web() {
    let _response = yield_!(fetch());
}

fn main() {}
