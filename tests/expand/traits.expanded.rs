trait Handler {
    fn get(self: Rc<Self>, path: String) -> ::coroutine_core::Future<String>;
    fn head(self: Rc<Self>, path: String) -> ::coroutine_core::Future<usize>
    where
        Self: 'static,
    {
        ::coroutine_core::__private::start(
            ::coroutine_core::__private::sites! {
                "head" at 6 : 8 -> usize; 0 = 10 : 9 "self.get(path)";
            },
            async move {
                let _ = (&path, &self);
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    usize,
                > {
                    return value;
                }
                {
                    ::coroutine_core::__private::At::<0>
                        .yield_point(self.get(path))
                        .await
                        .len()
                }
            },
        )
    }
}
impl Handler for Files {
    fn get(self: Rc<Self>, path: String) -> ::coroutine_core::Future<String> {
        ::coroutine_core::__private::start(
            ::coroutine_core::__private::sites! {
                "get" at 16 : 8 -> String;
            },
            async move {
                let _ = (&path, &self);
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    String,
                > {
                    return value;
                }
                { path }
            },
        )
    }
}
