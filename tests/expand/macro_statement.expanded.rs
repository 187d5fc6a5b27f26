fn waits() -> ::coroutine_core::Future<()> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "waits" at 2 : 4 -> (); 0 = 3 : 5 "co::moment()"; 1 = 5 : 5 "fallible()"; 2 =
            6 : 5 "co::moment()";
        },
        async move {
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                (),
            > {
                return value;
            }
            {
                ::coroutine_core::__private::At::<0>.yield_point(co::moment()).await;
                #[allow(unused_must_use)]
                ::coroutine_core::__private::At::<1>.yield_point(fallible()).await;
                ::coroutine_core::__private::At::<2>.yield_point(co::moment()).await
            }
        },
    )
}
