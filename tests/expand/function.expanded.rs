/// Adds, some time later.
pub fn asyn_sum(a: i32, b: i32) -> ::coroutine_core::Future<i32> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "asyn_sum" at 3 : 8 -> i32; 0 = 6 : 18 "future";
        },
        async move {
            let _ = (&b, &a);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                i32,
            > {
                return value;
            }
            {
                let (promise, future) = promise();
                IoLoop::current().add_callback(move || promise.set_result(a + b));
                let result = ::coroutine_core::__private::At::<0>
                    .yield_point(future)
                    .await;
                println!("the {a}+{b}={result}");
                result
            }
        },
    )
}
