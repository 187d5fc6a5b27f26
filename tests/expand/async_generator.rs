/// Every page, one after another.
#[co::generator(yield = Page)]
pub async fn pages(mut url: Url) -> Result<(), Error> {
    loop {
        let page = fetch(&url).await?;
        let next = page.next();
        yield_!(page);
        url = match next {
            Some(url) => url,
            None => return Ok(()),
        };
    }
}

#[co::generator(yield = u8)]
async fn bytes(source: &mut Source) {
    yield_!(source.read().await);
}
