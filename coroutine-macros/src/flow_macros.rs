//! The flow through the arguments of other macros.

use proc_macro2::TokenStream;
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Block, Expr, Macro, Token};

use crate::body;
use crate::flow::Walk;
use crate::look::{Part, is_end, mentions_mark, name, parts};
use crate::point;

impl Walk {
    pub(crate) fn macro_call(&mut self, mac: &Macro) {
        if let Some((number, operand)) = point::marked(mac) {
            return self.yield_point(number, &operand);
        }
        if body::is_own_macro(mac) {
            return;
        }
        self.arguments(&name(mac), &mac.tokens);
        if is_end(mac) {
            self.at = None;
        }
    }

    /// What is no Rust may be evaluated in any manner: of several yield points among it, each may be passed by.
    pub(crate) fn arguments(&mut self, name: &str, tokens: &TokenStream) {
        if !mentions_mark(tokens) {
            return;
        }
        let list = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(exprs) = list.parse2(tokens.clone()) {
            exprs.iter().for_each(|expr| self.visit_expr(expr));
        } else if let Ok(stmts) = Block::parse_within.parse2(tokens.clone()) {
            self.statements(&stmts);
        } else {
            self.token_trees(name, tokens);
        }
    }

    fn token_trees(&mut self, name: &str, tokens: &TokenStream) {
        let parts = parts(tokens);
        let is_certain = parts.len() == 1;
        for part in parts {
            let place = if is_certain { None } else { self.parting() };
            let branch = self.builder.branch(2);
            if !is_certain {
                self.take(place, branch, 0, name);
            }
            match part {
                Part::Point(number, operand) => self.yield_point(number, &operand),
                Part::Group(tokens) => self.arguments(name, &tokens),
            }
            if !is_certain {
                let end = self.builder.junction();
                self.go_to(end);
                self.take(place, branch, 1, "else");
                self.go_to(end);
                self.come_from(end);
            }
        }
    }
}
