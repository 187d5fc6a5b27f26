fn print(a: Future<u32>, b: Future<u32>) -> ::coroutine_core::Future<Vec<u32>> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "print" at 2 : 4 -> Vec < u32 >; 0 = 3 : 27 "a"; 1 = 3 : 45 "b"; 2 = 4 : 22
            "next()"; 3 = 5 : 26 "next()"; 4 = 6 : 10 "first()";
        },
        async move {
            let _ = (&b, &a);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                Vec<u32>,
            > {
                return value;
            }
            {
                println!(
                    "{} {}", ::coroutine_core::__private::At:: < 0 > .yield_point(a).
                    await, 1 + ::coroutine_core::__private::At:: < 1 > .yield_point(b).
                    await
                );
                assert!(
                    matches!(::coroutine_core::__private::At:: < 2 > .yield_point(next())
                    . await, Some(n) if n > 0)
                );
                select! {
                    left = ::coroutine_core::__private::At:: < 3 > .yield_point(next()).
                    await => left
                };
                vec![
                    ::coroutine_core::__private::At:: < 4 > .yield_point(first()). await;
                    3
                ]
            }
        },
    )
}
