//! What can be wrong with a handler in the callback style.

use proc_macro2::{Span, TokenStream};
use syn::{Error, PathSegment, ReturnType, Type};

use super::error;
use crate::errors::Errors;
use crate::model::Function;

pub(crate) fn arguments(arguments: TokenStream, errors: &mut Errors) {
    if let Some(first) = arguments.into_iter().next() {
        let fix = "write `#[asynchronous]` alone";
        errors.push(error(
            first.span(),
            "`#[asynchronous]` takes no arguments",
            fix,
        ));
    }
}

pub(crate) fn not_a_function(noun: &str, span: Span) -> Error {
    let problem =
        format!("`#[asynchronous]` is for handlers, which are functions, and this is {noun}");
    let fix = match noun {
        "an impl block" | "a trait" => "put it on each method that is a handler",
        "a closure" => "put it on a function that takes the `RequestHandler`",
        _ => "put it on a function",
    };
    error(span, problem, fix)
}

/// Whether the function is a coroutine, or was one before its attribute was expanded.
pub(crate) fn is_coroutine(function: &Function) -> bool {
    let is_attribute = |segment: &PathSegment| segment.ident == "coroutine";
    let mut attributes = function.attrs.iter();
    attributes.any(|attr| attr.path().segments.last().is_some_and(is_attribute))
        || returned(&function.sig.output).is_some_and(|name| name.ident == "Future")
}

/// The attribute itself is to go.
pub(crate) fn coroutine() -> Error {
    error(
        Span::call_site(),
        "a coroutine needs no `#[asynchronous]`: its response is complete when it has ended",
        "remove the attribute",
    )
}

pub(crate) fn function(function: &Function, errors: &mut Errors) {
    let sig = &function.sig;
    if let Some(token) = &sig.constness {
        let problem = "a handler runs on a loop, and the compiler has none";
        errors.push(error(token.span, problem, "remove `const`"));
    }
    if let Some(token) = &sig.asyncness {
        let problem =
            "a handler under `#[asynchronous]` returns at once, and its callbacks end the request";
        let fix = "remove `async`, or write `#[co::coroutine] fn` in place of both to wait in it";
        errors.push(error(token.span, problem, fix));
    }
    if let ReturnType::Type(_, ty) = &sig.output
        && !may_be_a_result(ty)
    {
        errors.push(Error::new_spanned(
            ty,
            "a handler under `#[asynchronous]` gives nothing: what it has to say is written later\n\
             leave the return type out, or write `Result<(), E>` for an error before it returns",
        ));
    }
}

/// What a name stands for is not known here: for the wrong ones there is a trait that they do not implement.
fn may_be_a_result(ty: &Type) -> bool {
    match ty {
        Type::Tuple(tuple) => tuple.elems.is_empty(),
        Type::Path(_) | Type::Macro(_) => true,
        Type::Paren(inner) => may_be_a_result(&inner.elem),
        Type::Group(inner) => may_be_a_result(&inner.elem),
        _ => false,
    }
}

fn returned(output: &ReturnType) -> Option<&PathSegment> {
    match output {
        ReturnType::Type(_, ty) => match &**ty {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        },
        ReturnType::Default => None,
    }
}
