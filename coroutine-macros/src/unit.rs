//! Finds out whether a body has no value but `()`.

use syn::visit::{self, Visit};
use syn::{Expr, ExprAsync, ExprBreak, ExprClosure, ExprReturn, Item, Stmt};

/// Whether a body ends in a statement or a loop, and neither returns a value nor breaks with one.
///
/// rustc would take a body that never ends for one whose value is `!`, which is no use to a generator.
///
/// ```text
/// loop { yield 1; }             yes
/// loop { return Ok(()); }       no
/// ```
pub(crate) fn is_only_value(stmts: &[Stmt]) -> bool {
    let mut search = Search { has_value: false };
    stmts.iter().for_each(|stmt| search.visit_stmt(stmt));
    !search.has_value && !stmts.last().is_some_and(is_value)
}

fn is_value(last: &Stmt) -> bool {
    match last {
        Stmt::Expr(expr, None) => {
            !matches!(expr, Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_))
        }
        Stmt::Macro(last) => last.semi_token.is_none(),
        Stmt::Expr(_, Some(_)) | Stmt::Local(_) | Stmt::Item(_) => false,
    }
}

struct Search {
    has_value: bool,
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_return(&mut self, expr: &'ast ExprReturn) {
        self.has_value |= expr.expr.is_some();
        visit::visit_expr_return(self, expr);
    }

    fn visit_expr_break(&mut self, expr: &'ast ExprBreak) {
        self.has_value |= expr.expr.is_some();
        visit::visit_expr_break(self, expr);
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}
