#[coroutine_http::asynchronous]
fn get(mut handler: RequestHandler) {
    add_callback(move || handler.finish());
}

#[asynchronous]
pub fn post<T: Clone>(handler: RequestHandler, store: T) -> Result<(), Error> {
    let entry = store.clone().entry(handler.argument("id"))?;
    if entry.is_new() {
        return Ok(());
    }
    entry.read(move |text| write(handler, text));
    Ok(())
}

trait Page {
    #[asynchronous]
    fn head(&self, handler: RequestHandler);
}
