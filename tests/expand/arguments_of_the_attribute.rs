#[co::coroutine(name = "fetch page", crate = crate::runtime)]
unsafe fn fetch(#[cfg(feature = "tls")] tls: Tls, url: Url) -> Page {
    yield_!(connect(tls, url))
}
