fn generators(numbers: Vec<u32>) {
    let all = ::coroutine_core::__private::generator::<
        _,
        (),
        _,
    >(
        ::coroutine_core::__private::sites! {
            "generator" at 2 : 28; 0 = 2 : 28 "1"; 1 = 2 : 37 "2"; 2 = 2 : 68 "n";
        },
        move |yielder| async move {
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                (),
            > {
                return value;
            }
            {
                (yielder)
                    .wait({
                        let point = (yielder)
                            .at::<
                                0,
                            >(::coroutine_core::__private::Item {
                                value: 1,
                            });
                        point
                    })
                    .await;
                (yielder)
                    .wait({
                        let point = (yielder)
                            .at::<
                                1,
                            >(::coroutine_core::__private::Item {
                                value: 2,
                            });
                        point
                    })
                    .await;
                for n in numbers {
                    (yielder)
                        .wait({
                            let point = (yielder)
                                .at::<
                                    2,
                                >(::coroutine_core::__private::Item {
                                    value: n,
                                });
                            point
                        })
                        .await
                }
            }
        },
    );
    let sum = ::coroutine_core::__private::generator::<
        _,
        _,
        _,
    >(
        ::coroutine_core::__private::sites! {
            "generator" at 4 : 9; 0 = 5 : 30 "sum";
        },
        move |yielder| async move {
            let mut sum = 0;
            while let Some(n) = ((yielder)
                .wait({
                    let point = (yielder)
                        .at::<
                            0,
                        >(::coroutine_core::__private::Item {
                            value: sum,
                        });
                    point
                })
                .await)
            {
                sum += n;
            }
            sum
        },
    );
    let upto = move |n: u32| ::coroutine_core::__private::generator::<
        _,
        (),
        _,
    >(
        ::coroutine_core::__private::sites! {
            "generator" at 10 : 29; 0 = 10 : 63 "i";
        },
        move |yielder| async move {
            let _ = (&n,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                u32,
            > {
                return value;
            }
            {
                for i in 0..n {
                    (yielder)
                        .wait({
                            let point = (yielder)
                                .at::<
                                    0,
                                >(::coroutine_core::__private::Item {
                                    value: i,
                                });
                            point
                        })
                        .await;
                }
                n
            }
        },
    );
    let ticks = ::coroutine_core::__private::async_generator::<
        _,
        _,
    >(
        ::coroutine_core::__private::sites! {
            "generator" at 11 : 30; 0 = 11 : 45 "tick()"; 1 = 11 : 52 "()";
        },
        move |yielder| async move {
            ::coroutine_core::__private::At::<0>.yield_point(tick()).await;
            (yielder)
                .wait({
                    let point = (yielder)
                        .at::<
                            1,
                        >(::coroutine_core::__private::Item {
                            value: (),
                        });
                    point
                })
                .await;
            Ok::<(), Error>(())
        },
    );
    let later = move |n: u32| ::coroutine_core::__private::async_generator::<
        _,
        _,
    >(
        ::coroutine_core::__private::sites! {
            "generator" at 12 : 30; 0 = 12 : 52 "load(n).await"; 1 = 12 : 66 "load(n)";
        },
        move |yielder| async move {
            let _ = (&n,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                (),
            > {
                return value;
            }
            {
                (yielder)
                    .wait({
                        let point = (yielder)
                            .at::<
                                0,
                            >(::coroutine_core::__private::Item {
                                value: ::coroutine_core::__private::At::<1>
                                    .yield_point(load(n))
                                    .await,
                            });
                        point
                    })
                    .await;
            }
        },
    );
}
