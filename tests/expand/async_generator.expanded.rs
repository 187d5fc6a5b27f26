/// Every page, one after another.
pub fn pages(
    mut url: Url,
) -> ::coroutine_core::AsyncGenerator<
    Page,
    impl ::core::future::Future<Output = Result<(), Error>>,
> {
    ::coroutine_core::__private::async_generator::<
        Page,
        _,
    >(
        ::coroutine_core::__private::sites! {
            "pages" at 3 : 14; 0 = 5 : 32 "fetch(&url)"; 1 = 7 : 9 "page";
        },
        move |yielder| async move {
            let _ = (&url,);
            let _ = <Result<(), Error> as ::coroutine_core::Ending<Page>>::last;
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                Result<(), Error>,
            > {
                return value;
            }
            {
                loop {
                    let page = ::coroutine_core::__private::At::<0>
                        .yield_point(fetch(&url))
                        .await?;
                    let next = page.next();
                    (yielder)
                        .wait({
                            let point = (yielder)
                                .at::<
                                    1,
                                >(::coroutine_core::__private::Item {
                                    value: page,
                                });
                            point
                        })
                        .await;
                    url = match next {
                        Some(url) => url,
                        None => return Ok(()),
                    };
                }
            }
        },
    )
}
fn bytes(
    source: &mut Source,
) -> ::coroutine_core::AsyncGenerator<u8, impl ::core::future::Future<Output = ()>> {
    ::coroutine_core::__private::async_generator::<
        u8,
        _,
    >(
        ::coroutine_core::__private::sites! {
            "bytes" at 16 : 10; 0 = 17 : 5 "source.read().await"; 1 = 17 : 27
            "source.read()";
        },
        move |yielder| async move {
            let _ = (&source,);
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
                                    .yield_point(source.read())
                                    .await,
                            });
                        point
                    })
                    .await;
            }
        },
    )
}
