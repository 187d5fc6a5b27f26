#[should_panic(expected = "too late")]
#[::core::prelude::v1::test]
fn waits_too_long() {
    ::coroutine_core::__private::run_test(
        ::core::time::Duration::from_millis(500),
        true,
        move || ::coroutine_core::__private::start(
            ::coroutine_core::__private::sites! {
                "waits_too_long" at 3 : 4 -> (); 0 = 4 : 5
                "co::sleep(Duration::from_secs(60))";
            },
            async move {
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    (),
                > {
                    return value;
                }
                {
                    ::coroutine_core::__private::At::<0>
                        .yield_point(co::sleep(Duration::from_secs(60)))
                        .await;
                }
            },
        ),
    )
}
