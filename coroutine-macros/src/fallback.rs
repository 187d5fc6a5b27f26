//! What is written beside errors, so that one mistake is one error.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::{Error, Generics, ReturnType};

use crate::check;
use crate::expand;
use crate::model::{CratePath, Flavour, Function, Options};
use crate::returns;

/// Writes the errors, and a function of the same signature: callers compile, and editors complete.
///
/// ```text
/// async fn f(a: A) -> T { .. }  ->  ::core::compile_error! { .. }
///                                   #[allow(unused)] fn f(a: A) -> ::coroutine_core::Future<T> { unreachable!() }
/// ```
pub(crate) fn function(
    flavour: Flavour,
    options: &Options,
    mut function: Function,
    error: Error,
) -> TokenStream {
    let mut errors: Vec<_> = error.into_iter().map(Error::into_compile_error).collect();
    make_plain(flavour, options, &mut function);
    let body = body(flavour, options, &function, &mut errors);
    let header = expand::header(flavour, options, &function);
    let allow = quote_spanned!(Span::mixed_site()=> #[allow(unused, clippy::all)]);
    quote!(#(#errors)* #allow #header #body)
}

/// Takes away what `check` complains of.
fn make_plain(flavour: Flavour, options: &Options, function: &mut Function) {
    let sig = &mut function.sig;
    sig.constness = None;
    if flavour != Flavour::Generator {
        sig.asyncness = None;
    }
    sig.abi = None;
    sig.variadic = None;
    function.attrs.retain(|attr| !check::is_second(attr));
    if matches!(flavour, Flavour::Main | Flavour::Test) {
        sig.inputs = Punctuated::new();
        sig.generics = Generics::default();
    } else {
        make_output_plain(flavour, &options.crate_path, &mut sig.output);
    }
}

fn make_output_plain(flavour: Flavour, crate_path: &CratePath, output: &mut ReturnType) {
    let is_iterator =
        flavour == Flavour::Generator && returns::iterator(output, crate_path).is_some();
    if is_iterator || returns::never(output).is_some() {
        *output = ReturnType::Default;
    } else if flavour == Flavour::Coroutine
        && let Some((_, ty)) = returns::future(output, crate_path)
    {
        *output = ReturnType::Type(<_>::default(), Box::new(ty.clone()));
    }
}

/// Writes a body that has the type of the return type.
///
/// A type like `impl Trait` wants a value to be known by, and each generator has one. An error is one: rustc complains
/// of nothing that depends on it.
fn body(
    flavour: Flavour,
    options: &Options,
    function: &Function,
    errors: &mut Vec<TokenStream>,
) -> TokenStream {
    let value = match (&function.body, &options.lazy, &function.sig.output) {
        (None, ..) => return quote!(;),
        (Some(_), ..) if flavour == Flavour::Generator => errors.pop().unwrap_or_default(),
        (Some(_), _, ReturnType::Type(_, ty)) if !returns::is_nameable(ty) => {
            errors.pop().unwrap_or_default()
        }
        (Some(_), None, _) => quote_spanned!(Span::mixed_site()=> ::core::unreachable!()),
        (Some(_), Some(_), ReturnType::Default) => pending(&quote!(())),
        (Some(_), Some(_), ReturnType::Type(_, ty)) => pending(ty),
    };
    quote!({ #value })
}

fn pending(ty: &impl ToTokens) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> ::core::future::pending::<#ty>())
}

/// Writes the errors where an expression stands: rustc complains of nothing that depends on its value.
pub(crate) fn expression(error: Error) -> TokenStream {
    let errors = error.into_compile_error();
    quote!({ #errors })
}
