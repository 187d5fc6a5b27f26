//! cargo run -p coroutine-examples --example paginate
//!
//! An async generator over the pages of a web service: the next page is asked for only when the items of the last one are used up.

use std::error::Error;
use std::net::SocketAddr;
use std::pin::pin;

use coroutine_core::{self as co, IoLoop};
use coroutine_http::{Application, AsyncHttpClient, HttpError, RequestHandler};

/// One page, a line an item; the last line of all pages but the last is `next`.
#[co::coroutine]
fn page(mut handler: RequestHandler) {
    let number: u32 = handler
        .path_argument("number")
        .unwrap_or_default()
        .parse()
        .unwrap_or(0);
    println!("    (the service is asked for page {number})");
    for item in 1..=3 {
        handler.write(format!("item {item} of page {number}\n"));
    }
    if number < 3 {
        handler.write("next\n");
    }
}

#[co::generator(yield = String)]
async fn items(service: SocketAddr) -> Result<(), HttpError> {
    let client = AsyncHttpClient::new();
    for number in 1.. {
        let response = client
            .fetch(format!("http://{service}/pages/{number}"))
            .await?;
        let mut more = false;
        for line in response.text().lines() {
            match line {
                "next" => more = true,
                item => yield_!(item.to_owned()),
            }
        }
        if !more {
            break;
        }
    }
    Ok(())
}

#[co::coroutine]
fn print_items(service: SocketAddr) -> Result<(), HttpError> {
    let mut items = pin!(items(service));
    while let Some(item) = yield_!(co::next(&mut items)) {
        println!("{}", item?);
    }
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let application = Application::new().route("/pages/{number}", page);
    let server = application.listen("127.0.0.1:0")?;
    let service = server.local_addr();
    IoLoop::current().run_sync(move || print_items(service))??;
    Ok(())
}
