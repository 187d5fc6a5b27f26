//! Finds out whether a body throws away whatever its yields evaluate to.

use syn::visit::{self, Visit};
use syn::{Block, Expr, Item, Macro, Stmt, StmtMacro};

use crate::body::{is_own_macro, is_yield};
use crate::macros::mentions_yield;

/// Whether each yield is a statement of its own, or the last of a block whose value nobody takes.
///
/// ```text
/// yield 1; for i in 0..n { yield i } yield 2    yes
/// let x = yield 1;    f(yield 2);               no
/// ```
pub(crate) fn all_values(stmts: &[Stmt], is_last_used: bool) -> bool {
    let mut search = Search { is_used: false };
    if is_last_used {
        search.used_statements(stmts);
    } else {
        search.discarded_statements(stmts);
    }
    !search.is_used
}

struct Search {
    is_used: bool,
}

impl Search {
    /// Statements whose value somebody takes: all but the last throw theirs away.
    fn used_statements(&mut self, stmts: &[Stmt]) {
        if let Some((last, others)) = stmts.split_last() {
            self.discarded_statements(others);
            match last {
                Stmt::Expr(expr, None) => self.visit_expr(expr),
                Stmt::Macro(last) if last.semi_token.is_none() => self.visit_macro(&last.mac),
                last => self.discarded_statement(last),
            }
        }
    }

    fn discarded_statements(&mut self, stmts: &[Stmt]) {
        stmts.iter().for_each(|stmt| self.discarded_statement(stmt));
    }

    fn discarded_statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Expr(expr, _) => self.discarded(expr),
            Stmt::Macro(StmtMacro { mac, .. }) if is_yield(&mac.path) => self.operand(mac),
            stmt => self.visit_stmt(stmt),
        }
    }

    /// An expression whose value nobody takes.
    fn discarded(&mut self, expr: &Expr) {
        match expr {
            Expr::Yield(expr) => expr
                .expr
                .iter()
                .for_each(|operand| self.visit_expr(operand)),
            Expr::Macro(expr) if is_yield(&expr.mac.path) => self.operand(&expr.mac),
            Expr::Paren(expr) => self.discarded(&expr.expr),
            Expr::Block(expr) => self.discarded_statements(&expr.block.stmts),
            Expr::Unsafe(expr) => self.discarded_statements(&expr.block.stmts),
            Expr::If(expr) => {
                self.visit_expr(&expr.cond);
                self.discarded_statements(&expr.then_branch.stmts);
                expr.else_branch
                    .iter()
                    .for_each(|(_, branch)| self.discarded(branch));
            }
            Expr::Match(expr) => {
                self.visit_expr(&expr.expr);
                for arm in &expr.arms {
                    self.visit_pat(&arm.pat);
                    self.discarded(&arm.body);
                }
            }
            expr => self.visit_expr(expr),
        }
    }

    fn operand(&mut self, mac: &Macro) {
        self.is_used |= mentions_yield(&mac.tokens);
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Yield(_) => self.is_used = true,
            Expr::Verbatim(tokens) => self.is_used |= mentions_yield(tokens),
            Expr::Loop(expr) => self.discarded_statements(&expr.body.stmts),
            Expr::While(expr) => {
                self.visit_expr(&expr.cond);
                self.discarded_statements(&expr.body.stmts);
            }
            Expr::ForLoop(expr) => {
                self.visit_expr(&expr.expr);
                self.discarded_statements(&expr.body.stmts);
            }
            expr => visit::visit_expr(self, expr),
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.used_statements(&block.stmts);
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.is_used |= is_yield(&mac.path) || !is_own_macro(mac) && mentions_yield(&mac.tokens);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
