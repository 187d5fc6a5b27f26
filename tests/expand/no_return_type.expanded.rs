fn tick(times: u32) -> ::coroutine_core::Future<()> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "tick" at 2 : 4 -> (); 0 = 4 : 9 "co::sleep(Duration::from_secs(1))";
        },
        async move {
            let _ = (&times,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                (),
            > {
                return value;
            }
            {
                for _ in 0..times {
                    ::coroutine_core::__private::At::<0>
                        .yield_point(co::sleep(Duration::from_secs(1)))
                        .await;
                }
            }
        },
    )
}
