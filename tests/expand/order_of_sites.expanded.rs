fn chain(client: Client) -> ::coroutine_core::Future<Response> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "chain" at 2 : 4 -> Response; 0 = 3 : 11 "client.busy()"; 1 = 4 : 37
            "client.login()"; 2 = 4 : 50 "client.login().await.user()"; 3 = 5 : 16
            "refuse(yield_!(reason()))"; 4 = 5 : 31 "reason()"; 5 = 7 : 11
            "client.get(user)"; 6 = 9 : 14 "client.retry()";
        },
        async move {
            let _ = (&client,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                Response,
            > {
                return value;
            }
            {
                while ::coroutine_core::__private::At::<0>
                    .yield_point(client.busy())
                    .await
                {}
                let Some(user) = ::coroutine_core::__private::At::<2>
                    .yield_point(
                        ::coroutine_core::__private::At::<1>
                            .yield_point(client.login())
                            .await
                            .user(),
                    )
                    .await else {
                    return ::coroutine_core::__private::At::<3>
                        .yield_point(
                            refuse(
                                ::coroutine_core::__private::At::<4>
                                    .yield_point(reason())
                                    .await,
                            ),
                        )
                        .await;
                };
                match ::coroutine_core::__private::At::<5>
                    .yield_point(client.get(user))
                    .await
                {
                    response if response.is_ok() => response,
                    _ => {
                        ::coroutine_core::__private::At::<6>
                            .yield_point(client.retry())
                            .await
                    }
                }
            }
        },
    )
}
