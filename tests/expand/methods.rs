impl Server {
    /// Serves one request.
    #[co::coroutine]
    #[inline]
    fn serve(self: Rc<Self>, request: Request) -> Result<Response, Error> {
        let body = yield_!(self.clone().read(request))?;
        Ok(Response::new(body))
    }
}
