//! Finds out which yield point of a body can follow which.
//!
//! The body is walked in the order in which it is evaluated. The walk is always somewhere (`at`), or nowhere, behind a `return` say; it goes on from there to the next node.

use coroutine_graph::{Branch, Builder, Flow, Node};
use syn::visit::{self, Visit};
use syn::{
    Arm, BinOp, Block, Expr, ExprAsync, ExprBinary, ExprBlock, ExprBreak, ExprClosure, ExprConst,
    ExprContinue, ExprForLoop, ExprIf, ExprLoop, ExprMatch, ExprReturn, ExprTry, ExprTryBlock,
    ExprWhile, Item, Label, Lifetime, Local, Macro, Pat, Stmt, Type,
};

use crate::body;
use crate::look::{condition_text, cut, has_flow, parted, text};
use crate::model::Kind;

/// The flow of a body as the user wrote it.
pub(crate) fn of(mut stmts: Vec<Stmt>, kind: Kind) -> Flow {
    body::mark(&mut stmts, kind);
    let mut walk = Walk {
        builder: Builder::default(),
        at: Some(At::new(Node::Start)),
        scopes: Vec::new(),
    };
    walk.statements(&stmts);
    walk.go_to(Node::Returned);
    walk.builder.finish()
}

/// Where a walk is: at a node, or on the way out of one.
#[derive(Clone)]
pub(crate) struct At {
    node: Node,
    way: Option<(Branch, usize, String)>,
}

impl At {
    fn new(node: Node) -> Self {
        At { node, way: None }
    }
}

/// What `break`, `continue` and `?` can leave.
struct Scope {
    label: Option<Lifetime>,
    kind: ScopeKind,
    /// Where `break` leads to.
    end: Node,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ScopeKind {
    /// With the place that `continue` leads to.
    Loop(Node),
    Block,
    Try,
}

pub(crate) struct Walk {
    pub(crate) builder: Builder,
    pub(crate) at: Option<At>,
    scopes: Vec<Scope>,
}

impl Walk {
    pub(crate) fn go_to(&mut self, to: Node) {
        match self.at.take() {
            Some(At { node, way: None }) => self.builder.edge(node, to),
            Some(At {
                node,
                way: Some((branch, arm, text)),
            }) => self.builder.edge_when(node, to, branch, arm, &text),
            None => {}
        }
    }

    /// Goes to a place where other ways may come together with this one.
    fn meet(&mut self, place: Node) {
        self.go_to(place);
        self.at = Some(At::new(place));
    }

    /// A new place, if there is a way to it.
    pub(crate) fn parting(&mut self) -> Option<Node> {
        self.at.as_ref()?;
        let place = self.builder.junction();
        self.go_to(place);
        Some(place)
    }

    /// A place that some ways may have led to. If none has, nothing is there.
    pub(crate) fn come_from(&mut self, place: Node) {
        self.at = self.builder.is_reached(place).then(|| At::new(place));
    }

    pub(crate) fn take(&mut self, place: Option<Node>, branch: Branch, arm: usize, text: &str) {
        self.at = place.map(|node| At {
            node,
            way: Some((branch, arm, text.to_owned())),
        });
    }

    pub(crate) fn statements(&mut self, stmts: &[Stmt]) {
        stmts.iter().for_each(|stmt| self.visit_stmt(stmt));
    }

    pub(crate) fn yield_point(&mut self, number: usize, operand: &Expr) {
        self.visit_expr(operand);
        self.meet(Node::State(number));
    }

    /// Two ways: one where a condition holds, and one where it does not. The first is gone, the second is given back.
    fn condition(&mut self, condition: &Expr) -> Option<At> {
        match condition {
            Expr::Paren(inner) => self.condition(&inner.expr),
            Expr::Group(inner) => self.condition(&inner.expr),
            Expr::Binary(ExprBinary {
                left,
                op: BinOp::And(_),
                right,
                ..
            }) if has_flow(right) => {
                let no = self.condition(left);
                let other_no = self.condition(right);
                self.both(no, other_no)
            }
            condition => {
                self.visit_expr(condition);
                self.two_ways(&cut(condition_text(condition)))
            }
        }
    }

    fn two_ways(&mut self, yes: &str) -> Option<At> {
        let place = self.parting();
        let branch = self.builder.branch(2);
        self.take(place, branch, 1, "else");
        let no = self.at.take();
        self.take(place, branch, 0, yes);
        no
    }

    fn both(&mut self, one: Option<At>, other: Option<At>) -> Option<At> {
        let here = self.at.take();
        let place = self.builder.junction();
        for at in [one, other] {
            self.at = at;
            self.go_to(place);
        }
        self.come_from(place);
        std::mem::replace(&mut self.at, here)
    }

    fn enter(&mut self, label: Option<&Label>, kind: ScopeKind) -> Node {
        let end = self.builder.junction();
        self.scopes.push(Scope {
            label: label.map(|label| label.name.clone()),
            kind,
            end,
        });
        end
    }

    /// A loop around `body`, which goes once.
    fn turn(&mut self, label: Option<&Label>, body: impl FnOnce(&mut Self, Node)) {
        let head = self.builder.junction();
        self.meet(head);
        let end = self.enter(label, ScopeKind::Loop(head));
        body(self, end);
        self.go_to(head);
        self.scopes.pop();
        self.come_from(end);
    }

    fn target(&self, label: Option<&Lifetime>) -> Option<&Scope> {
        self.scopes.iter().rev().find(|scope| match label {
            Some(label) => scope.label.as_ref() == Some(label),
            None => matches!(scope.kind, ScopeKind::Loop(_)),
        })
    }

    fn arm(&mut self, arm: &Arm, end: Node) {
        self.visit_expr(&arm.body);
        self.go_to(end);
    }

    /// From the guard, where it does not hold, the ways of the other arms go on.
    fn guarded_arm(&mut self, arm: &Arm, guard: &Expr, end: Node) -> Option<Node> {
        let no = self.condition(guard);
        self.arm(arm, end);
        self.at = no;
        self.parting()
    }
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Verbatim(tokens) => self.arguments("macro", tokens),
            expr => visit::visit_expr(self, expr),
        }
    }

    fn visit_macro(&mut self, mac: &'ast Macro) {
        self.macro_call(mac);
    }

    /// The value is there before the place.
    fn visit_expr_assign(&mut self, expr: &'ast syn::ExprAssign) {
        self.visit_expr(&expr.right);
        self.visit_expr(&expr.left);
    }

    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        let is_lazy = matches!(expr.op, BinOp::And(_) | BinOp::Or(_));
        if !is_lazy || !has_flow(&expr.right) {
            return visit::visit_expr_binary(self, expr);
        }
        let no = self.condition(&expr.left);
        let yes = self.at.take();
        let (goes_on, ends) = match expr.op {
            BinOp::And(_) => (yes, no),
            _ => (no, yes),
        };
        self.at = goes_on;
        self.visit_expr(&expr.right);
        let goes_on = self.at.take();
        self.at = self.both(goes_on, ends);
    }

    fn visit_expr_if(&mut self, expr: &'ast ExprIf) {
        let no = self.condition(&expr.cond);
        self.visit_block(&expr.then_branch);
        let yes = std::mem::replace(&mut self.at, no);
        if let Some((_, branch)) = &expr.else_branch {
            self.visit_expr(branch);
        }
        let no = self.at.take();
        self.at = self.both(yes, no);
    }

    fn visit_local(&mut self, local: &'ast Local) {
        let Some(init) = &local.init else { return };
        self.visit_expr(&init.expr);
        if let Some((_, diverge)) = &init.diverge {
            let no = self.two_ways(&text(&local.pat));
            let yes = std::mem::replace(&mut self.at, no);
            self.visit_expr(diverge);
            self.at = yes;
        }
    }

    fn visit_expr_match(&mut self, expr: &'ast ExprMatch) {
        self.visit_expr(&expr.expr);
        let mut place = self.parting();
        let end = self.builder.junction();
        let mut branch = self.builder.branch(expr.arms.len());
        let mut first = 0;
        for (index, arm) in expr.arms.iter().enumerate() {
            match parted(&arm.pat) {
                (pat, Some(guard)) if has_flow(guard) => {
                    self.take(place, branch, index - first, &text(pat));
                    let otherwise = self.guarded_arm(arm, guard, end);
                    let next = self.builder.junction();
                    for (from, arm) in [(place, index - first + 1), (otherwise, 0)] {
                        self.at = from.map(At::new);
                        if from == place {
                            self.take(place, branch, arm, "else");
                        }
                        self.go_to(next);
                    }
                    self.come_from(next);
                    place = self.at.as_ref().map(|at| at.node);
                    first = index + 1;
                    branch = self.builder.branch(expr.arms.len() - first);
                }
                _ => {
                    self.take(place, branch, index - first, &text(&arm.pat));
                    self.arm(arm, end);
                }
            }
        }
        self.come_from(end);
    }

    fn visit_expr_loop(&mut self, expr: &'ast ExprLoop) {
        self.turn(expr.label.as_ref(), |this, _| this.visit_block(&expr.body));
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        self.turn(expr.label.as_ref(), |this, end| {
            let no = this.condition(&expr.cond);
            let yes = std::mem::replace(&mut this.at, no);
            this.go_to(end);
            this.at = yes;
            this.visit_block(&expr.body);
        });
    }

    fn visit_expr_for_loop(&mut self, expr: &'ast ExprForLoop) {
        self.visit_expr(&expr.expr);
        let next = cut(format!("{} in {}", text(&expr.pat), text(&expr.expr)));
        self.turn(expr.label.as_ref(), |this, end| {
            let no = this.two_ways(&next);
            let yes = std::mem::replace(&mut this.at, no);
            this.go_to(end);
            this.at = yes;
            this.visit_block(&expr.body);
        });
    }

    fn visit_expr_block(&mut self, expr: &'ast ExprBlock) {
        if expr.label.is_none() {
            return self.visit_block(&expr.block);
        }
        let end = self.enter(expr.label.as_ref(), ScopeKind::Block);
        self.visit_block(&expr.block);
        self.scopes.pop();
        self.go_to(end);
        self.come_from(end);
    }

    fn visit_expr_try_block(&mut self, expr: &'ast ExprTryBlock) {
        let end = self.enter(None, ScopeKind::Try);
        self.visit_block(&expr.block);
        self.scopes.pop();
        self.go_to(end);
        self.come_from(end);
    }

    fn visit_expr_break(&mut self, expr: &'ast ExprBreak) {
        visit::visit_expr_break(self, expr);
        if let Some(end) = self.target(expr.label.as_ref()).map(|scope| scope.end) {
            self.go_to(end);
        }
        self.at = None;
    }

    fn visit_expr_continue(&mut self, expr: &'ast ExprContinue) {
        let kind = self.target(expr.label.as_ref()).map(|scope| scope.kind);
        if let Some(ScopeKind::Loop(head)) = kind {
            self.go_to(head);
        }
        self.at = None;
    }

    fn visit_expr_return(&mut self, expr: &'ast ExprReturn) {
        visit::visit_expr_return(self, expr);
        self.go_to(Node::Returned);
    }

    fn visit_expr_try(&mut self, expr: &'ast ExprTry) {
        visit::visit_expr_try(self, expr);
        let mut scopes = self.scopes.iter().rev();
        let caught = scopes.find(|scope| scope.kind == ScopeKind::Try);
        let target = caught.map_or(Node::Failed, |scope| scope.end);
        let place = self.parting();
        let branch = self.builder.branch(2);
        self.take(place, branch, 0, "?");
        self.go_to(target);
        self.take(place, branch, 1, "");
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.statements(&block.stmts);
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}

    fn visit_expr_async(&mut self, _: &'ast ExprAsync) {}

    fn visit_expr_const(&mut self, _: &'ast ExprConst) {}

    fn visit_item(&mut self, _: &'ast Item) {}

    fn visit_type(&mut self, _: &'ast Type) {}

    fn visit_pat(&mut self, _: &'ast Pat) {}
}
