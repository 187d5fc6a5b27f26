//! Writes a yield point, so that the whole of it is one expression of the user's.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::Expr;

use crate::model::CratePath;

/// Which of the user's tokens a yield point's own tokens are to lie on.
pub(crate) struct Spans {
    /// `yield_`, `yield`, or the first token of `operand.await`.
    pub(crate) first: Span,
    /// The name of the method.
    pub(crate) method: Span,
    /// The parentheses around the operand.
    pub(crate) parens: Span,
    /// The last token: rustc takes everything from `first` to here for the expression.
    pub(crate) last: Span,
}

/// Writes a yield point that waits.
///
/// `operand` -> `::coroutine_core::__private::At::<0>.yield_point(operand).await`
pub(crate) fn wait(number: usize, operand: &Expr, spans: &Spans, crate_path: &CratePath) -> Expr {
    let path = crate_path.at(spans.first);
    let number = Literal::usize_unsuffixed(number);
    let method = Ident::new("yield_point", spans.method);
    let callee = quote_spanned!(spans.first=> #path::__private::At::<#number>.#method);
    call(&callee, operand.to_token_stream(), spans)
}

/// Writes a yield point that gives out a value.
///
/// ```text
/// operand    (yielder).wait({
///                let point = (yielder).at::<0>(::coroutine_core::__private::Item { value: operand });
///                point
///            }).await
/// ```
///
/// The names are the macro's own, which no code of the user's can reach, but the parentheses are the user's. A value in a
/// literal of a type of its own, unlike an argument, is wrong by itself: rustc speaks of no method.
///
/// The statement ends the operand's temporaries, the guard of `cell.borrow().len()` say, before the generator is suspended.
/// No value needs them: it cannot borrow from the body.
pub(crate) fn give(number: usize, operand: &Expr, spans: &Spans, crate_path: &CratePath) -> Expr {
    let here = ours_at(spans.first);
    let path = crate_path.at(here);
    let number = Literal::usize_unsuffixed(number);
    let method = Ident::new("at", spans.method);
    let yielder = parenthesized(quote_spanned!(here=> yielder), spans.first);
    let item = quote_spanned!(here=> #path::__private::Item { value: #operand });
    let item = parenthesized(item, spans.parens);
    let point = quote_spanned!(here=> { let point = #yielder.#method::<#number> #item; point });
    call(&quote_spanned!(here=> #yielder.wait), point, spans)
}

/// `callee(argument).await`
fn call(callee: &TokenStream, argument: TokenStream, spans: &Spans) -> Expr {
    let argument = parenthesized(argument, spans.parens);
    let wait = quote_spanned!(spans.last=> .await);
    Expr::Verbatim(quote!(#callee #argument #wait))
}

fn parenthesized(tokens: TokenStream, span: Span) -> Group {
    let mut group = Group::new(Delimiter::Parenthesis, tokens);
    group.set_span(span);
    group
}

/// A token's place, but not the user's own: rustc would suggest to write generic arguments behind it.
pub(crate) fn ours_at(span: Span) -> Span {
    Span::mixed_site().located_at(span)
}
