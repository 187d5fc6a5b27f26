fn get(mut handler: RequestHandler) -> ::coroutine_http::Asynchronous {
    ::coroutine_http::__private::asynchronous::<
        (),
    >(move || -> () {
        add_callback(move || handler.finish());
    })
}
pub fn post<T: Clone>(
    handler: RequestHandler,
    store: T,
) -> ::coroutine_http::Asynchronous {
    ::coroutine_http::__private::asynchronous::<
        Result<(), Error>,
    >(move || -> Result<(), Error> {
        let entry = store.clone().entry(handler.argument("id"))?;
        if entry.is_new() {
            return Ok(());
        }
        entry.read(move |text| write(handler, text));
        Ok(())
    })
}
trait Page {
    fn head(&self, handler: RequestHandler) -> ::coroutine_http::Asynchronous;
}
