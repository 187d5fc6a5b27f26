//! Writes a yield point, so that the whole of it is one expression of the user's.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{ParseStream, Parser};
use syn::{Expr, ExprMacro, LitInt, Macro, Token, parse_quote};

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

/// The macro that a yield point becomes where a body is only looked at.
const MARK: &str = "__yield_point";

/// Marks a yield point.
///
/// `operand` -> `__yield_point!(0, operand)`
pub(crate) fn mark(number: usize, operand: &Expr, spans: &Spans) -> Expr {
    marking(number, &operand.to_token_stream(), spans)
}

/// Marks `operand.await`.
///
/// `operand` -> `__yield_point!(0, operand, await)`
pub(crate) fn mark_await(number: usize, operand: &Expr, spans: &Spans) -> Expr {
    marking(number, &quote!(#operand, await), spans)
}

fn marking(number: usize, operand: &TokenStream, spans: &Spans) -> Expr {
    let name = Ident::new(MARK, spans.first);
    let number = Literal::usize_unsuffixed(number);
    let arguments = parenthesized(quote!(#number, #operand), spans.parens);
    let mac: Macro = parse_quote!(#name! #arguments);
    Expr::Macro(ExprMacro {
        attrs: Vec::new(),
        mac,
    })
}

/// Whether a token begins a marked yield point.
pub(crate) fn is_mark(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(name) if name == MARK)
}

/// The number and the operand of a marked yield point.
pub(crate) fn marked(mac: &Macro) -> Option<(usize, Expr)> {
    if !mac.path.is_ident(MARK) {
        return None;
    }
    let parser = |input: ParseStream| {
        let number: LitInt = input.parse()?;
        input.parse::<Token![,]>()?;
        let operand = input.parse()?;
        input.parse::<TokenStream>()?;
        Ok((number.base10_parse()?, operand))
    };
    parser.parse2(mac.tokens.clone()).ok()
}

/// Makes `yield_!(operand)` and `operand.await` of marked yield points again.
pub(crate) fn unmarked(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter();
    let mut output = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) => output.push(unmarked_group(&group, group.stream())),
            token if is_mark(&token) => {
                output.extend(restored(token.span(), tokens.by_ref().nth(1)));
            }
            token => output.push(token),
        }
    }
    output.into_iter().collect()
}

fn unmarked_group(group: &Group, content: TokenStream) -> TokenTree {
    let mut inner = Group::new(group.delimiter(), unmarked(content));
    inner.set_span(group.span());
    TokenTree::Group(inner)
}

fn restored(name: Span, arguments: Option<TokenTree>) -> TokenStream {
    let Some(TokenTree::Group(arguments)) = arguments else {
        return TokenStream::new();
    };
    // Without the number.
    let mut operand: Vec<_> = arguments.stream().into_iter().skip(2).collect();
    if operand
        .last()
        .is_some_and(|last| matches!(last, TokenTree::Ident(word) if word == "await"))
    {
        operand.truncate(operand.len() - 2);
        let operand = unmarked(operand.into_iter().collect());
        return quote!(#operand.await);
    }
    let name = Ident::new("yield_", name);
    let operand = unmarked_group(&arguments, operand.into_iter().collect());
    quote!(#name!#operand)
}

/// A text of what was restored, without the spaces that tokens get who have lost their place in the source.
pub(crate) fn restored_text(text: &str) -> String {
    text.replace("yield_ ! (", "yield_!(")
        .replace(" . await", ".await")
        .replace(" .await", ".await")
}
