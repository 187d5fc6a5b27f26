fn distance(
    __arg0: (f64, f64),
    __arg1: Point,
    __arg2: Guard,
    mut steps: u32,
    unused: u32,
) -> ::coroutine_core::Future<f64> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "distance" at 2 : 4 -> f64;
        },
        async move {
            let _ = (&steps, &__arg2, &__arg1, &__arg0);
            let (x, y) = __arg0;
            let Point { x: to_x, .. } = __arg1;
            let unused = unused;
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                f64,
            > {
                return value;
            }
            {
                steps += 1;
                (x - to_x) / f64::from(steps)
            }
        },
    )
}
