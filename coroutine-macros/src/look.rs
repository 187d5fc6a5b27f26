//! What can be told of a body's parts without walking through it.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{BinOp, Expr, ExprAsync, ExprBinary, ExprClosure, ExprLet, Item, Macro, Pat};

use crate::operand;
use crate::point;

/// Longer conditions are cut; in characters.
const LONGEST: usize = 28;

/// A piece of a macro's input that has yield points.
pub(crate) enum Part {
    Point(usize, Box<Expr>),
    Group(TokenStream),
}

pub(crate) fn parts(tokens: &TokenStream) -> Vec<Part> {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let mut parts = Vec::new();
    let mut rest = tokens.as_slice();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if let Some(call) = behind.get(..2)
            && point::is_mark(first)
            && let Ok(mac) =
                syn::parse2::<Macro>([first].into_iter().chain(call).cloned().collect())
            && let Some((number, operand)) = point::marked(&mac)
        {
            rest = &behind[2..];
            parts.push(Part::Point(number, Box::new(operand)));
        } else if let TokenTree::Group(group) = first
            && mentions_mark(&group.stream())
        {
            parts.push(Part::Group(group.stream()));
        }
    }
    parts
}

pub(crate) fn mentions_mark(tokens: &TokenStream) -> bool {
    tokens.clone().into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions_mark(&group.stream()),
        token => point::is_mark(&token),
    })
}

/// Whether an expression has anything to do with the flow.
pub(crate) fn has_flow(expr: &Expr) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_expr(&mut self, expr: &'ast Expr) {
            self.0 |= matches!(
                expr,
                Expr::Try(_) | Expr::Return(_) | Expr::Break(_) | Expr::Continue(_)
            );
            match expr {
                Expr::Verbatim(tokens) => self.0 |= mentions_mark(tokens),
                expr => visit::visit_expr(self, expr),
            }
        }

        fn visit_macro(&mut self, mac: &'ast Macro) {
            self.0 |= point::marked(mac).is_some() || mentions_mark(&mac.tokens) || is_end(mac);
        }

        fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

        fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

        fn visit_item(&mut self, _: &'ast Item) {}
    }
    let mut search = Search(false);
    search.visit_expr(expr);
    search.0
}

/// Whether nothing comes behind a macro.
pub(crate) fn is_end(mac: &Macro) -> bool {
    let ends = ["panic", "unreachable", "todo", "unimplemented"];
    ends.contains(&last_name(mac).as_str())
}

fn last_name(mac: &Macro) -> String {
    let name = mac.path.segments.last();
    name.map(|name| name.ident.to_string()).unwrap_or_default()
}

/// `select!`
pub(crate) fn name(mac: &Macro) -> String {
    last_name(mac) + "!"
}

/// An arm's pattern, and what stands behind its `if`.
pub(crate) fn parted(pat: &Pat) -> (&Pat, Option<&Expr>) {
    match pat {
        Pat::Guard(guarded) => (&guarded.pat, Some(&guarded.guard)),
        pat => (pat, None),
    }
}

/// `let Some(x) = f() && yield_!(a)` -> `Some(x) && true`: what is yielded is a state's text already.
pub(crate) fn condition_text(condition: &Expr) -> String {
    match condition {
        Expr::Let(ExprLet { pat, .. }) => text(pat),
        Expr::Binary(ExprBinary {
            left,
            op: BinOp::And(_),
            right,
            ..
        }) => format!("{} && {}", condition_text(left), condition_text(right)),
        Expr::Macro(call) if point::marked(&call.mac).is_some() => "true".to_owned(),
        condition => text(condition),
    }
}

/// What the user wrote, in short.
pub(crate) fn text(tokens: &impl ToTokens) -> String {
    cut(point::restored_text(&operand::text(point::unmarked(
        tokens.to_token_stream(),
    ))))
}

pub(crate) fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text,
    }
}
