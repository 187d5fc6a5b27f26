//! Yield points among the arguments of other macros.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, ExprMacro, Macro, Token};

use crate::body::Rewriter;
use crate::model::{FaultKind, Place};

impl Rewriter<'_> {
    /// Rewrites the yield points in a macro's input.
    ///
    /// A macro's input need not be Rust. What can be read as expressions or statements is; in the rest only
    /// `yield_!(...)` is recognised, for it carries its own delimiters.
    ///
    /// ```text
    /// "{}", yield_!(a)             "{}", ::coroutine_core::__private::At::<0>.yield_point(a).await
    /// yield_!(a), Some(n) if n > 0 ::coroutine_core::__private::At::<0>.yield_point(a).await, Some(n) if n > 0
    /// ```
    pub(crate) fn macro_arguments(&mut self, tokens: TokenStream) -> TokenStream {
        if !mentions_yield(&tokens) {
            return tokens;
        }
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(mut exprs) = list.parse2(tokens.clone()) {
            exprs.iter_mut().for_each(|expr| self.visit_expr_mut(expr));
            return exprs.into_token_stream();
        }
        if let Ok(mut stmts) = Block::parse_within.parse2(tokens.clone()) {
            self.statements(&mut stmts);
            return quote!(#(#stmts)*);
        }
        self.token_trees(tokens)
    }

    /// Rewrites each `yield_!(...)` among tokens that are otherwise left as they are.
    pub(crate) fn token_trees(&mut self, tokens: TokenStream) -> TokenStream {
        let mut rest: &[TokenTree] = &tokens.into_iter().collect::<Vec<_>>();
        let mut output = Vec::new();
        while let [first, behind @ ..] = rest {
            rest = behind;
            if let Some((call, behind)) = self.yield_tokens(first, rest) {
                rest = behind;
                drop_path(&mut output);
                output.extend(apart(output.last(), call));
            } else if let Some(block) = async_block(&output, first) {
                self.within(Place::AsyncBlock, |this| output.push(this.group(block)));
            } else if let TokenTree::Group(group) = first {
                output.push(self.group(group));
            } else {
                self.refuse_keyword(output.last(), first);
                output.push(first.clone());
            }
        }
        output.into_iter().collect()
    }

    /// `yield_` `!` `(...)`
    fn yield_tokens<'t>(
        &mut self,
        name: &TokenTree,
        rest: &'t [TokenTree],
    ) -> Option<(TokenStream, &'t [TokenTree])> {
        let (call, behind) = rest.split_at_checked(2)?;
        if !is_word(name, "yield_") {
            return None;
        }
        let mac: Macro = syn::parse2([name].into_iter().chain(call).cloned().collect()).ok()?;
        let mut call = Expr::Macro(ExprMacro {
            attrs: Vec::new(),
            mac,
        });
        self.visit_expr_mut(&mut call);
        Some((call.into_token_stream(), behind))
    }

    fn group(&mut self, group: &Group) -> TokenTree {
        let mut rewritten = Group::new(group.delimiter(), self.macro_arguments(group.stream()));
        rewritten.set_span(group.span());
        TokenTree::Group(rewritten)
    }

    /// Among tokens that are no expressions nobody can tell where the operand of `yield` ends, nor where that of
    /// `.await` begins; a coroutine can do without the latter.
    fn refuse_keyword(&mut self, before: Option<&TokenTree>, token: &TokenTree) {
        if is_word(token, "yield") {
            self.fault(FaultKind::Hidden, "yield", token.span());
        } else if is_word(token, "await") && before.is_some_and(|before| is_punct(before, '.')) {
            self.refuse_await(token.span());
        }
    }
}

/// Whether there is anything to rewrite; all other input is left untouched.
pub(crate) fn mentions_yield(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions_yield(&group.stream()),
        token => ["yield_", "yield", "await"]
            .iter()
            .any(|word| is_word(&token, word)),
    })
}

/// The braces of `async { ... }` or `async move { ... }`, of which all but the braces has been seen.
fn async_block<'t>(seen: &[TokenTree], token: &'t TokenTree) -> Option<&'t Group> {
    let keyword = match seen {
        [.., keyword, last] if is_word(last, "move") => keyword,
        [.., last] => last,
        [] => return None,
    };
    match token {
        TokenTree::Group(group)
            if group.delimiter() == Delimiter::Brace && is_word(keyword, "async") =>
        {
            Some(group)
        }
        _ => None,
    }
}

/// Drops the `co::` of `co::yield_!(...)`, which is in the output when `yield_` is met.
fn drop_path(output: &mut Vec<TokenTree>) {
    while let [.., first, second] = output.as_slice()
        && is_punct(first, ':')
        && is_punct(second, ':')
    {
        output.truncate(output.len() - 2);
        output.pop_if(|token| matches!(token, TokenTree::Ident(_)));
    }
}

/// Keeps a yield point, which begins with `::` or `(`, from being read as the rest of what stands before it.
///
/// `now ::coroutine_core::...` -> `now match () { () => ::coroutine_core::... }`
fn apart(before: Option<&TokenTree>, call: TokenStream) -> TokenStream {
    let goes_on = match before {
        // A keyword does not.
        Some(TokenTree::Ident(word)) => syn::parse2::<Ident>(word.to_token_stream()).is_ok(),
        Some(TokenTree::Literal(_)) => true,
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(TokenTree::Punct(_)) | None => false,
    };
    if goes_on {
        quote_spanned!(Span::mixed_site()=> match () { () => #call })
    } else {
        call
    }
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_word(token: &TokenTree, word: &str) -> bool {
    matches!(token, TokenTree::Ident(ident) if ident == word)
}
