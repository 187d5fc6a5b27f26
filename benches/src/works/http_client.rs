//! An HTTP client that fetches a tiny response again and again, on connections that are kept.

use std::error::Error;
use std::net::SocketAddr;

use bytes::Bytes;
use coroutine_core as co;
use coroutine_http::{AsyncHttpClient, HttpError};
use http_body_util::{BodyExt, Empty};
use hyper::Uri;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use crate::child::Process;
use crate::measure::cpu_ns_per_operation;
use crate::runtimes;
use crate::work::{Contest, Contestant, Goal, RUNTIMES, Scale, Unavailable, Work};

pub const ONE: Work = Work {
    name: "fetch",
    what: "HTTP client, one fetch after another",
    unit: "CPU us/fetch",
    columns: RUNTIMES,
    goal: Goal::Against(&[(Contestant::Tokio, 1.0)]),
    remark: Some(
        "tokio is hyper-util's legacy client on tokio; the server is the raw-mio of `http`",
    ),
    contest: Contest::Measured(&[
        (Contestant::Ours, ours::<1>),
        (Contestant::Tokio, tokio::<1>),
    ]),
};

pub const FIFTY: Work = Work {
    name: "fetch50",
    what: "HTTP client, 50 fetches at a time",
    contest: Contest::Measured(&[
        (Contestant::Ours, ours::<50>),
        (Contestant::Tokio, tokio::<50>),
    ]),
    ..ONE
};

/// How many fetches a batch has.
const FETCHES: usize = 20_000;

const HELLO: &[u8] = b"Hello, world";

/// A server in a process of its own, which lives as long as this, and its URL.
fn server(scale: Scale) -> Result<(Process, String), Box<dyn Error>> {
    let mut server = Process::contestant(&super::http::WORK, Contestant::Mio, scale)?;
    let port = server.expect("port")?.parse()?;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    Ok((server, format!("http://{address}/")))
}

fn ours<const AT_ONCE: usize>(scale: Scale) -> Result<f64, Unavailable> {
    let (_server, url) = server(scale)?;
    let each = scale.of(FETCHES) / AT_ONCE;
    let client = AsyncHttpClient::builder()
        .max_clients(AT_ONCE)
        .max_idle_per_host(AT_ONCE)
        .build();
    let measured = runtimes::ours(cpu_ns_per_operation(each * AT_ONCE, async move || {
        let start = |_| our_fetches(client.clone(), url.clone(), each);
        let all = (0..AT_ONCE).map(start).collect::<Vec<_>>();
        for fetches in all {
            fetches.await.expect("a server that answers");
        }
    }))?;
    Ok(measured / 1000.0)
}

#[co::coroutine]
fn our_fetches(client: AsyncHttpClient, url: String, times: usize) -> Result<(), HttpError> {
    for _ in 0..times {
        let response = yield_!(client.fetch(&*url))?;
        assert_eq!(response.body(), HELLO);
    }
    Ok(())
}

fn tokio<const AT_ONCE: usize>(scale: Scale) -> Result<f64, Unavailable> {
    let (_server, url) = server(scale)?;
    let each = scale.of(FETCHES) / AT_ONCE;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let measured = runtimes::tokio_io(cpu_ns_per_operation(each * AT_ONCE, async || {
        let start = |_| tokio::spawn(their_fetches(client.clone(), url.clone(), each));
        let all = (0..AT_ONCE).map(start).collect::<Vec<_>>();
        for fetches in all {
            let fetched = fetches.await.expect("a task that does not panic");
            fetched.expect("a server that answers");
        }
    }))?;
    Ok(measured / 1000.0)
}

async fn their_fetches(
    client: Client<HttpConnector, Empty<Bytes>>,
    url: String,
    times: usize,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    for _ in 0..times {
        // Ours parses the URL each time, too.
        let uri: Uri = url.parse()?;
        let response = client.get(uri).await?;
        let body = response.into_body().collect().await?.to_bytes();
        assert_eq!(body, HELLO);
    }
    Ok(())
}
