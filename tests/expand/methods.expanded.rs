impl Server {
    /// Serves one request.
    #[inline]
    fn serve(
        self: Rc<Self>,
        request: Request,
    ) -> ::coroutine_core::Future<Result<Response, Error>> {
        ::coroutine_core::__private::start(
            ::coroutine_core::__private::sites! {
                "serve" at 5 : 8 -> Result < Response, Error >; 0 = 6 : 20
                "self.clone().read(request)";
            },
            async move {
                let _ = (&request, &self);
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    Result<Response, Error>,
                > {
                    return value;
                }
                {
                    let body = ::coroutine_core::__private::At::<0>
                        .yield_point(self.clone().read(request))
                        .await?;
                    Ok(Response::new(body))
                }
            },
        )
    }
}
