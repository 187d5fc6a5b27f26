fn start(numbers: Vec<u32>) -> Future<u32> {
    let double = move |number: u32| -> ::coroutine_core::Future<u32> {
        ::coroutine_core::__private::start(
            ::coroutine_core::__private::sites! {
                "coroutine" at 2 : 31 -> u32; 0 = 2 : 60 "load(number)";
            },
            async move {
                let _ = (&number,);
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    u32,
                > {
                    return value;
                }
                {
                    (::coroutine_core::__private::At::<0>
                        .yield_point(load(number))
                        .await) * 2
                }
            },
        )
    };
    let print = move |text| ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "coroutine" at 3 : 30; 0 = 3 : 37 "show(text)";
        },
        async move {
            let _ = (&text,);
            { ::coroutine_core::__private::At::<0>.yield_point(show(text)).await }
        },
    );
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "coroutine" at 5 : 9; 0 = 7 : 20 "double(number)"; 1 = 9 : 20 "print(sum)";
        },
        async move {
            let mut sum = 0;
            for number in numbers {
                sum
                    += ::coroutine_core::__private::At::<0>
                        .yield_point(double(number))
                        .await;
            }
            ::coroutine_core::__private::At::<1>.yield_point(print(sum)).await;
            sum
        },
    )
}
