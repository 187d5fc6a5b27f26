impl Buffer {
    fn fill(&mut self, source: &[u8]) -> impl ::core::future::Future<Output = usize> {
        ::coroutine_core::__private::lazy(
            ::coroutine_core::__private::sites! {
                "fill" at 3 : 8 -> usize; 0 = 4 : 9 "co::moment()";
            },
            async move {
                let _ = (&source, &self);
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    usize,
                > {
                    return value;
                }
                {
                    ::coroutine_core::__private::At::<0>.yield_point(co::moment()).await;
                    self.bytes.extend_from_slice(source);
                    source.len()
                }
            },
        )
    }
}
