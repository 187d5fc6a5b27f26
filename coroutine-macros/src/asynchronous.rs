//! `#[asynchronous]`: a handler in the callback style. It is no coroutine, and so shares nothing with the pipeline but the reading of the item.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Error, ReturnType, parse_quote_spanned};

use crate::check::asynchronous as check;
use crate::crate_path;
use crate::errors::Errors;
use crate::model::{Body, Function};
use crate::parse::{self, Target};

/// The package whose marker the function returns.
const PACKAGE: &str = "coroutine-http";

/// Has a function return a marker, which says that only `finish` completes the response:
///
/// ```text
/// fn get(mut handler: RequestHandler) -> T { .. }
///   ->  fn get(mut handler: RequestHandler) -> ::coroutine_http::Asynchronous {
///           ::coroutine_http::__private::asynchronous::<T>(move || -> T { .. })
///       }
/// ```
pub(crate) fn attribute(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    check::arguments(arguments, &mut errors);
    match parse::target(&item) {
        Target::Function(target) if check::is_coroutine(&target) => {
            errors.push(check::coroutine());
            beside(errors, &item)
        }
        Target::Function(target) => {
            check::function(&target, &mut errors);
            match errors.into_result() {
                Ok(()) => expand(*target),
                Err(error) => fallback(*target, error),
            }
        }
        Target::Other(noun, span) => {
            errors.push(check::not_a_function(noun, span));
            beside(errors, &item)
        }
        Target::Closure(span) => {
            errors.push(check::not_a_function("a closure", span));
            let errors = errors.into_compile_errors();
            quote!({ #errors #item })
        }
        Target::Unreadable => item,
    }
}

/// The item as it is, after the errors.
fn beside(errors: Errors, item: &TokenStream) -> TokenStream {
    let errors = errors.into_compile_errors();
    quote!(#errors #item)
}

fn expand(function: Function) -> TokenStream {
    let output = match &function.sig.output {
        ReturnType::Default => quote_spanned!(Span::mixed_site()=> ()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let body = function.body.clone();
    let header = header(function);
    let Some(Body { span, attrs, stmts }) = body else {
        return quote!(#header;);
    };
    let krate = krate();
    let start = quote_spanned!(Span::mixed_site()=> #krate::__private::asynchronous);
    let block = quote_spanned!(span=> { #(#stmts)* });
    quote!(#header { #(#attrs)* #start::<#output>(move || -> #output #block) })
}

fn krate() -> TokenStream {
    crate_path::find(PACKAGE).at(Span::mixed_site())
}

/// All of the function but its body, which returns the marker.
fn header(mut function: Function) -> TokenStream {
    let krate = krate();
    function.sig.output = parse_quote_spanned!(Span::mixed_site()=> -> #krate::Asynchronous);
    let Function {
        attrs,
        vis,
        defaultness,
        sig,
        ..
    } = function;
    quote!(#(#attrs)* #vis #defaultness #sig)
}

/// Writes the errors, and a function of the same signature, so that the routes that name it still compile.
fn fallback(mut function: Function, error: Error) -> TokenStream {
    let errors = error.into_iter().map(Error::into_compile_error);
    function.sig.asyncness = None;
    function.sig.constness = None;
    let has_body = function.body.is_some();
    let header = header(function);
    let body = match has_body {
        true => quote_spanned!(Span::mixed_site()=> { ::core::unreachable!() }),
        false => quote!(;),
    };
    let allow = quote_spanned!(Span::mixed_site()=> #[allow(unused, clippy::all)]);
    quote!(#(#errors)* #allow #header #body)
}
