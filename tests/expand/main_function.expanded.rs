fn main() -> Result<(), Error> {
    ::coroutine_core::__private::run_main(move || ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            "main" at 2 : 4 -> Result < (), Error >; 0 = 3 : 16
            "fetch(\"http://127.0.0.1/\")";
        },
        async move {
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                Result<(), Error>,
            > {
                return value;
            }
            {
                let page = ::coroutine_core::__private::At::<0>
                    .yield_point(fetch("http://127.0.0.1/"))
                    .await?;
                println!("{page}");
                Ok(())
            }
        },
    ))
}
