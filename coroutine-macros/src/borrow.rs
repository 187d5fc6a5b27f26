//! Finds what a type borrows.

use proc_macro2::Span;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Lifetime, ParenthesizedGenericArguments, TraitBound, Type, TypeFnPtr, TypeReference};

use crate::operand;

/// Looks for a reference or a lifetime other than `'static`, and answers with the `&` or the lifetime.
///
/// What a function type or a `for<'a>` bound borrows is borrowed during its calls, and does not count. A lifetime that
/// is left out (`Ref<T>`) cannot be seen; rustc reports it.
pub(crate) fn find(ty: &Type) -> Option<Span> {
    Search::of(ty, |_| true)
}

/// Looks for a borrow whose lifetime has no name.
pub(crate) fn find_anonymous(ty: &Type) -> Option<Span> {
    Search::of(ty, |lifetime| {
        lifetime.is_none_or(|lifetime| lifetime.ident == "_")
    })
}

struct Search {
    /// Whether a lifetime other than `'static` counts; a reference may have none.
    counts: fn(Option<&Lifetime>) -> bool,
    found: Option<Span>,
}

impl Search {
    fn of(ty: &Type, counts: fn(Option<&Lifetime>) -> bool) -> Option<Span> {
        let mut search = Search {
            counts,
            found: None,
        };
        search.visit_type(ty);
        search.found
    }

    fn lifetime(&mut self, lifetime: Option<&Lifetime>, span: Span) {
        let is_static = lifetime.is_some_and(|lifetime| lifetime.ident == "static");
        if !is_static && (self.counts)(lifetime) {
            self.found = self.found.or(Some(span));
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        self.lifetime(reference.lifetime.as_ref(), reference.and_token.span);
        visit::visit_type(self, &reference.elem);
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.lifetime(Some(lifetime), lifetime.span());
    }

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        if bound.lifetimes.is_none() {
            visit::visit_trait_bound(self, bound);
        }
    }

    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}
}

/// The type to take instead of a reference: `String` for `&str`.
pub(crate) fn owned(ty: &Type) -> Option<String> {
    let Type::Reference(reference) = ty else {
        return None;
    };
    match &*reference.elem {
        elem if find(elem).is_some() => None,
        Type::Slice(slice) => Some(format!("Vec<{}>", spelling(&slice.elem))),
        Type::TraitObject(_) | Type::ImplTrait(_) => None,
        Type::Path(path) if path.path.is_ident("str") => Some("String".to_owned()),
        elem => Some(spelling(elem)),
    }
}

/// A type as the user wrote it.
pub(crate) fn spelling(ty: &Type) -> String {
    operand::text(ty.to_token_stream())
}
