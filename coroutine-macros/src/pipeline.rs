//! From a macro's input to its output.

use proc_macro2::TokenStream;
use quote::quote;

use crate::arguments;
use crate::check;
use crate::errors::Errors;
use crate::expand;
use crate::fallback;
use crate::machine;
use crate::model::{Content, CratePath, Flavour, Function, Kind, Options, Spelling};
use crate::parse::{self, Target};

/// `#[coroutine]`, `#[generator]`, `#[main]` and `#[test]`.
pub(crate) fn attribute(
    flavour: Flavour,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let options = arguments::options(flavour, arguments, &mut errors);
    match parse::target(&item) {
        Target::Function(target) => function(flavour, &options, *target, errors),
        Target::Other(noun, span) => {
            errors.push(check::not_a_function(flavour, noun, span));
            let errors = errors.into_compile_errors();
            quote!(#errors #item)
        }
        Target::Closure(span) => {
            errors.push(check::not_a_function(flavour, "a closure", span));
            let errors = errors.into_compile_errors();
            quote!({ #errors #item })
        }
        Target::Unreadable => item,
    }
}

fn function(
    flavour: Flavour,
    options: &Options,
    mut function: Function,
    mut errors: Errors,
) -> TokenStream {
    check::function(flavour, options, &function, &mut errors);
    let original = function.clone();
    let kind = Kind::of_function(flavour, &function.sig);
    let machine = machine::of_function(&mut function, kind, options, &mut errors);
    match errors.into_result() {
        Ok(()) => expand::function(flavour, options, &function, machine.as_ref()),
        Err(error) => fallback::function(flavour, options, original, error),
    }
}

/// `coroutine! { ... }` and `generator! { ... }`, with the runtime's path in front.
pub(crate) fn block(flavour: Flavour, input: TokenStream) -> TokenStream {
    let expansion = parse::block(input)
        .and_then(|(crate_path, tokens)| block_content(flavour, &crate_path, tokens));
    expansion.unwrap_or_else(fallback::expression)
}

fn block_content(
    flavour: Flavour,
    crate_path: &CratePath,
    tokens: TokenStream,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let span = parse::ends(&tokens);
    let content = parse::content(flavour, tokens)?;
    let kind = Kind::of_block(flavour, &content);
    let expansion = match content {
        Content::Closure(mut closure) => {
            check::closure(kind, &closure, &mut errors);
            let machine = machine::of_closure(&mut closure, kind, crate_path, span, &mut errors);
            expand::closure(crate_path, &closure, &machine)
        }
        Content::Async(stmts) | Content::Statements(stmts) => {
            let machine = machine::of_block(
                stmts,
                Spelling::Unnameable,
                kind,
                crate_path,
                span,
                &mut errors,
            );
            expand::construct(crate_path, &machine)
        }
    };
    errors.into_result().map(|()| expansion)
}
