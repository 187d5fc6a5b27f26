unsafe fn fetch(
    #[cfg(feature = "tls")]
    tls: Tls,
    url: Url,
) -> crate::runtime::Future<Page> {
    crate::runtime::__private::start(
        crate::runtime::__private::sites! {
            = "fetch page" at 2 : 11 -> Page; 0 = 3 : 5 "connect(tls, url)";
        },
        async move {
            let _ = (&url,);
            #[cfg(feature = "tls")]
            let _ = (&tls,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                Page,
            > {
                return value;
            }
            { crate::runtime::__private::At::<0>.yield_point(connect(tls, url)).await }
        },
    )
}
