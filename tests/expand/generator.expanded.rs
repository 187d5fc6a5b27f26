impl Store {
    /// Gives out the keys, and takes the next one to go on from.
    pub fn keys<'a>(
        &'a self,
        __arg0: Range,
        mut prefix: String,
    ) -> ::coroutine_core::Generator<
        &'a str,
        Option<String>,
        impl ::core::future::Future<Output = Result<usize, Error>>,
    > {
        ::coroutine_core::__private::generator::<
            &'a str,
            Option<String>,
            _,
        >(
            ::coroutine_core::__private::sites! {
                "keys" at 4 : 12; 0 = 7 : 33 "key?"; 1 = 12 : 35 "\"end\"";
            },
            move |yielder| async move {
                let _ = (&prefix, &__arg0, &self);
                let (from, to) = __arg0;
                if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                    Result<usize, Error>,
                > {
                    return value;
                }
                {
                    let mut count = 0;
                    for key in self.range(from, to) {
                        if let Some(next) = (yielder)
                            .wait({
                                let point = (yielder)
                                    .at::<
                                        0,
                                    >(::coroutine_core::__private::Item {
                                        value: key?,
                                    });
                                point
                            })
                            .await
                        {
                            prefix = next;
                        }
                        count += 1;
                    }
                    println!(
                        "{prefix} {:?}", (yielder).wait({ let point = (yielder).at:: < 1
                        > (::coroutine_core::__private::Item { value : "end" }); point })
                        . await
                    );
                    Ok(count)
                }
            },
        )
    }
    fn lines(
        &self,
    ) -> ::coroutine_core::Generator<
        impl Display,
        (),
        impl ::core::future::Future<Output = ()>,
    > {
        ::coroutine_core::__private::generator::<
            _,
            (),
            _,
        >(
            ::coroutine_core::__private::sites! {
                "lines" at 17 : 8; 0 = 18 : 9 "self.first()"; 1 = 19 : 9 "()";
            },
            move |yielder| async move {
                let _ = (&self,);
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
                                    value: self.first(),
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
                                    value: (),
                                });
                            point
                        })
                        .await
                }
            },
        )
    }
}
trait Source {
    fn maps(
        &mut self,
    ) -> crate::runtime::Generator<
        HashMap<Key, Self::Value>,
        (),
        impl ::core::future::Future<Output = usize>,
    >;
}
