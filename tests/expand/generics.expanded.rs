fn show<T, const N: usize>(
    values: [T; N],
    separator: impl Display + 'static,
) -> ::coroutine_core::Future<impl Display>
where
    T: Display + 'static,
{
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "show" at 2 : 4; 0 = 6 : 5 "co::moment()";
        },
        async move {
            let _ = (&separator, &values);
            {
                ::coroutine_core::__private::At::<0>.yield_point(co::moment()).await;
                values.map(|value| format!("{value}{separator}")).concat()
            }
        },
    )
}
