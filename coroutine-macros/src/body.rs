//! Finds the yield points of a body, numbers them by their places in the source, and rewrites them.

use std::mem;

use proc_macro2::Span;
use quote::{ToTokens, quote};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Block, Expr, ExprAsync, ExprAwait, ExprCall, ExprClosure, ExprConst, ExprMacro,
    ExprRepeat, ExprYield, GenericArgument, ImplItemFn, Item, Macro, Path, Stmt, StmtMacro, Token,
    TraitItemFn, Type, parse_quote_spanned,
};

use crate::model::{CratePath, Fault, FaultKind, Kind, Place, Position, Site};
use crate::operand;
use crate::parse;
use crate::point::{self, Spans};

/// The number of a yield point is a `u16`, of whose values the runtime needs four for the other states of a coroutine.
const MOST_SITES: usize = u16::MAX as usize - 3;

/// The attributes and macros whose yields are their own.
const OWN_NAMES: [&str; 4] = ["coroutine", "generator", "main", "test"];

/// What `rewrite` found.
pub(crate) struct Yields {
    pub(crate) sites: Vec<Site>,
    pub(crate) faults: Vec<Fault>,
}

/// Rewrites the yield points of a body in place.
///
/// ```text
/// let a = yield_!(f());    let a = ::coroutine_core::__private::At::<0>.yield_point(f()).await;
/// let b = a.await;      -> let b = ::coroutine_core::__private::At::<1>.yield_point(a).await;
/// yield b;                 ::coroutine_core::__private::At::<2>.yield_point(b).await;
/// ```
///
/// In a generator that which is yielded is given out, and what is awaited is waited for.
///
/// ```text
/// let a = yield_!(f());    let a = (yielder).wait({ let point = (yielder).at::<0>(::coroutine_core::__private::Item { value: f() }); point }).await;
/// let b = a.await;      -> let b = ::coroutine_core::__private::At::<1>.yield_point(a).await;
/// ```
pub(crate) fn rewrite(stmts: &mut [Stmt], kind: Kind, crate_path: &CratePath) -> Yields {
    walk(stmts, kind, Writing::Code(crate_path))
}

/// Marks the yield points of a body in place, each with the number that it has for `rewrite`; says how many there are.
///
/// ```text
/// let a = yield_!(f());    let a = __yield_point!(0, f());
/// ```
pub(crate) fn mark(stmts: &mut [Stmt], kind: Kind) -> usize {
    walk(stmts, kind, Writing::Marks).sites.len()
}

fn walk(stmts: &mut [Stmt], kind: Kind, writing: Writing<'_>) -> Yields {
    let mut rewriter = Rewriter {
        kind,
        writing,
        place: Place::Body,
        sites: Vec::new(),
        faults: Vec::new(),
    };
    rewriter.statements(stmts);
    Yields {
        sites: rewriter.sites,
        faults: rewriter.faults,
    }
}

/// What yield points become.
#[derive(Clone, Copy)]
enum Writing<'a> {
    Code(&'a CratePath),
    Marks,
}

pub(crate) struct Rewriter<'a> {
    kind: Kind,
    writing: Writing<'a>,
    place: Place,
    sites: Vec<Site>,
    faults: Vec<Fault>,
}

impl Rewriter<'_> {
    /// Does something inside a construct that the coroutine cannot yield from.
    pub(crate) fn within(&mut self, place: Place, visit: impl FnOnce(&mut Self)) {
        let outer = mem::replace(&mut self.place, place);
        visit(self);
        self.place = outer;
    }

    pub(crate) fn fault(&mut self, kind: FaultKind, spelling: &'static str, span: Span) {
        self.faults.push(Fault {
            kind,
            span,
            spelling,
        });
    }

    /// The operand is visited after its yield point has a number, as it stands behind it.
    fn yield_point(&mut self, mut operand: Expr, spans: &Spans) -> Expr {
        let number = self.site(spans.first, &operand);
        self.visit_expr_mut(&mut operand);
        match self.writing {
            Writing::Marks => point::mark(number, &operand, spans),
            Writing::Code(path) if self.kind == Kind::Coroutine => {
                point::wait(number, &operand, spans, path)
            }
            Writing::Code(path) => point::give(number, &operand, spans, path),
        }
    }

    fn site(&mut self, at: Span, operand: &Expr) -> usize {
        let number = self.sites.len();
        if number == MOST_SITES {
            self.fault(FaultKind::TooMany, "yield_!", at);
        }
        self.sites.push(Site {
            at: Position::from(at),
            operand: operand::text(operand.to_token_stream()),
        });
        number
    }

    /// `yield_!(operand)`
    fn yield_macro(&mut self, call: &ExprMacro) -> Option<Expr> {
        let name = call.mac.path.segments.last()?.ident.span();
        if self.place != Place::Body {
            self.fault(FaultKind::Misplaced(self.place), "yield_!", name);
            return None;
        }
        match self.only_operand(&call.mac) {
            Ok(operand) => {
                let delimiters = call.mac.delimiter.span();
                let spans = Spans {
                    first: name,
                    method: point::ours_at(name),
                    parens: delimiters.join(),
                    last: delimiters.close(),
                };
                Some(with_attributes(
                    &call.attrs,
                    self.yield_point(operand, &spans),
                ))
            }
            Err(kind) => {
                self.fault(kind, "yield_!", name);
                None
            }
        }
    }

    /// `yield operand`
    fn yield_expression(&mut self, expr: &ExprYield) -> Option<Expr> {
        let keyword = expr.yield_token.span;
        if self.place != Place::Body {
            self.fault(FaultKind::Misplaced(self.place), "yield", keyword);
            return None;
        }
        let operand = match &expr.expr {
            Some(operand) => Ok((**operand).clone()),
            None => self.no_operand(keyword),
        };
        match operand {
            Ok(operand) => {
                let (first, last) = parse::ends(&operand.to_token_stream());
                let spans = Spans {
                    first: keyword,
                    method: point::ours_at(keyword),
                    parens: first,
                    last,
                };
                Some(with_attributes(
                    &expr.attrs,
                    self.yield_point(operand, &spans),
                ))
            }
            Err(kind) => {
                self.fault(kind, "yield", keyword);
                None
            }
        }
    }

    /// A generator has nobody to wait with, unless it is `async`.
    pub(crate) fn refuse_await(&mut self, keyword: Span) {
        if self.kind == Kind::Generator && self.place == Place::Body {
            self.fault(FaultKind::Await, "await", keyword);
        }
    }

    fn only_operand(&self, mac: &Macro) -> Result<Expr, FaultKind> {
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        let mut operands = list
            .parse2(mac.tokens.clone())
            .map_err(FaultKind::Unreadable)?
            .into_iter();
        match (operands.next(), operands.next()) {
            (Some(operand), None) => Ok(operand),
            (None, _) => self.no_operand(mac.delimiter.span().join()),
            (Some(_), Some(_)) => Err(FaultKind::ManyOperands),
        }
    }

    /// A coroutine must wait for something; a generator may give out `()`.
    fn no_operand(&self, span: Span) -> Result<Expr, FaultKind> {
        match self.kind {
            Kind::Coroutine => Err(FaultKind::NoOperand),
            Kind::Generator | Kind::AsyncGenerator => Ok(parse_quote_spanned!(span=> ())),
        }
    }

    /// `operand.await`; one that is not the coroutine's own is left as it is.
    fn await_expression(&mut self, expr: &mut ExprAwait) -> Option<Expr> {
        // The operand stands before the word, and so do its yield points.
        let operand = expr.base.clone();
        self.visit_expr_mut(&mut expr.base);
        if self.place != Place::Body {
            return None;
        }
        let keyword = expr.await_token.span;
        if self.kind == Kind::Generator {
            self.refuse_await(keyword);
            return None;
        }
        let number = self.site(keyword, &operand);
        let first = expr.base.span();
        let spans = Spans {
            first,
            method: first,
            parens: first,
            last: keyword,
        };
        let call = match self.writing {
            Writing::Marks => point::mark_await(number, &expr.base, &spans),
            Writing::Code(path) => point::wait(number, &expr.base, &spans, path),
        };
        Some(with_attributes(&expr.attrs, call))
    }

    pub(crate) fn statements(&mut self, stmts: &mut [Stmt]) {
        let last = stmts.len().saturating_sub(1);
        for (index, stmt) in stmts.iter_mut().enumerate() {
            if let Some(replacement) = self.yield_statement(stmt, index == last) {
                *stmt = replacement;
            } else {
                self.visit_stmt_mut(stmt);
            }
        }
    }

    /// `yield_! { operand }` as a statement, which needs a semicolon once it is a call.
    fn yield_statement(&mut self, stmt: &Stmt, is_last: bool) -> Option<Stmt> {
        let Stmt::Macro(StmtMacro {
            attrs,
            mac,
            semi_token,
        }) = stmt
        else {
            return None;
        };
        if !is_yield(&mac.path) {
            return None;
        }
        let call = ExprMacro {
            attrs: attrs.clone(),
            mac: mac.clone(),
        };
        let semi = semi_token.or_else(|| (!is_last).then(<Token![;]>::default));
        let expr = self.yield_macro(&call).unwrap_or(Expr::Macro(call));
        Some(Stmt::Expr(expr, semi))
    }
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let replacement = match expr {
            Expr::Macro(call) if is_yield(&call.mac.path) => self.yield_macro(call),
            Expr::Yield(expr) => self.yield_expression(expr),
            Expr::Await(expr) => self.await_expression(expr),
            // Syntax that syn does not know.
            Expr::Verbatim(tokens) => Some(Expr::Verbatim(self.token_trees(mem::take(tokens)))),
            _ => return visit_mut::visit_expr_mut(self, expr),
        };
        if let Some(replacement) = replacement {
            *expr = replacement;
        }
    }

    /// `yield_!(f)(x)` -> `(... .await)(x)`: nothing can be called right behind `await`.
    fn visit_expr_call_mut(&mut self, call: &mut ExprCall) {
        let is_yield = matches!(&*call.func, Expr::Macro(func) if is_yield(&func.mac.path));
        visit_mut::visit_expr_call_mut(self, call);
        if is_yield {
            let func = call.func.to_token_stream();
            *call.func = Expr::Verbatim(quote!((#func)));
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.statements(&mut block.stmts);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        let place = if closure.asyncness.is_some() {
            Place::AsyncClosure
        } else {
            Place::Closure
        };
        self.within(place, |this| {
            visit_mut::visit_expr_closure_mut(this, closure);
        });
    }

    fn visit_expr_async_mut(&mut self, block: &mut ExprAsync) {
        self.within(Place::AsyncBlock, |this| {
            visit_mut::visit_expr_async_mut(this, block);
        });
    }

    fn visit_expr_const_mut(&mut self, block: &mut ExprConst) {
        self.within(Place::Constant, |this| {
            visit_mut::visit_expr_const_mut(this, block);
        });
    }

    fn visit_expr_repeat_mut(&mut self, array: &mut ExprRepeat) {
        self.visit_expr_mut(&mut array.expr);
        self.within(Place::Constant, |this| this.visit_expr_mut(&mut array.len));
    }

    fn visit_type_mut(&mut self, ty: &mut Type) {
        self.within(Place::Constant, |this| visit_mut::visit_type_mut(this, ty));
    }

    fn visit_generic_argument_mut(&mut self, argument: &mut GenericArgument) {
        self.within(Place::Constant, |this| {
            visit_mut::visit_generic_argument_mut(this, argument);
        });
    }

    fn visit_item_mut(&mut self, item: &mut Item) {
        match item {
            Item::Macro(_) => {}
            Item::Fn(function) if is_own(&function.attrs) => {}
            Item::Fn(_) => self.within(Place::Function, |this| {
                visit_mut::visit_item_mut(this, item);
            }),
            _ => self.within(Place::Constant, |this| {
                visit_mut::visit_item_mut(this, item);
            }),
        }
    }

    fn visit_impl_item_fn_mut(&mut self, method: &mut ImplItemFn) {
        if !is_own(&method.attrs) {
            self.within(Place::Function, |this| {
                visit_mut::visit_impl_item_fn_mut(this, method);
            });
        }
    }

    fn visit_trait_item_fn_mut(&mut self, method: &mut TraitItemFn) {
        if !is_own(&method.attrs) {
            self.within(Place::Function, |this| {
                visit_mut::visit_trait_item_fn_mut(this, method);
            });
        }
    }

    /// Another macro's call: its yields are found by `macros`.
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        if !is_own_macro(mac) {
            mac.tokens = self.macro_arguments(mem::take(&mut mac.tokens));
        }
    }

    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

/// `yield_`, `co::yield_`
pub(crate) fn is_yield(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|name| name.ident == "yield_")
}

/// `co::block::coroutine! { ... }`, `generator! { ... }`
pub(crate) fn is_own_macro(mac: &Macro) -> bool {
    let name = mac.path.segments.last();
    name.is_some_and(|name| OWN_NAMES.iter().any(|own| name.ident == own))
}

fn is_own(attrs: &[Attribute]) -> bool {
    let last_name = |attr: &Attribute| {
        attr.path()
            .segments
            .last()
            .map(|name| name.ident.to_string())
    };
    attrs
        .iter()
        .filter_map(last_name)
        .any(|name| OWN_NAMES.contains(&name.as_str()))
}

/// `#[allow(...)] yield_!(operand)`
fn with_attributes(attrs: &[Attribute], expr: Expr) -> Expr {
    if attrs.is_empty() {
        expr
    } else {
        Expr::Verbatim(quote!(#(#attrs)* #expr))
    }
}
