//! Makes the state machine's model out of a function, a closure or a block.

use std::mem;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{
    Attribute, Expr, ExprClosure, FnArg, GenericParam, LitStr, Pat, PatIdent, Signature, Stmt,
};

use crate::body;
use crate::check;
use crate::discard;
use crate::errors::Errors;
use crate::model::{
    Argument, Binding, CratePath, Exchange, Function, Kind, Machine, Options, Spelling,
};
use crate::parse;
use crate::returns;
use crate::unit;

/// Takes a function's body for its state machine, and gives its arguments names. A declaration has no machine.
pub(crate) fn of_function(
    function: &mut Function,
    kind: Kind,
    options: &Options,
    errors: &mut Errors,
) -> Option<Machine> {
    let sig = &mut function.sig;
    let body = function.body.as_mut()?;
    let mut stmts = mem::take(&mut body.stmts);
    let owners = owners(sig);
    let mut namer = Namer {
        number: 0,
        body: quote!(#(#stmts)*),
    };
    let arguments = sig
        .inputs
        .iter_mut()
        .map(|input| namer.input(input))
        .collect();
    let yields = body::rewrite(&mut stmts, kind, &options.crate_path);
    check::faults(yields.faults, kind, errors);
    Some(Machine {
        exchange: exchange(kind, options),
        name: options
            .name
            .as_ref()
            .map_or_else(|| sig.ident.unraw().to_string(), LitStr::value),
        own_name: options.name.clone(),
        name_span: sig.ident.span(),
        output: returns::output(&sig.output, Spelling::Unit),
        arguments,
        span: body.span,
        owners,
        stmts,
        sites: yields.sites,
        flow: None,
    })
}

fn exchange(kind: Kind, options: &Options) -> Exchange {
    let yields = || {
        options
            .yields
            .as_ref()
            .map_or(Spelling::Unnameable, returns::spelling)
    };
    let resumes = || {
        options
            .resumes
            .as_ref()
            .map_or(Spelling::Unit, |(_, ty)| returns::spelling(ty))
    };
    match kind {
        Kind::Coroutine => Exchange::Coroutine,
        Kind::Generator => Exchange::Generator {
            yields: yields(),
            resumes: resumes(),
        },
        Kind::AsyncGenerator => Exchange::AsyncGenerator { yields: yields() },
    }
}

/// Takes a closure's body for its state machine; `span` is what the macro for blocks holds.
pub(crate) fn of_closure(
    closure: &mut ExprClosure,
    kind: Kind,
    crate_path: &CratePath,
    span: (Span, Span),
    errors: &mut Errors,
) -> Machine {
    let body = mem::replace(&mut *closure.body, Expr::Verbatim(TokenStream::new()));
    let mut namer = Namer {
        number: 0,
        body: body.to_token_stream(),
    };
    let arguments = closure
        .inputs
        .iter_mut()
        .map(|input| namer.closure_input(input))
        .collect();
    let body_span = body.span();
    let stmts = match body {
        Expr::Block(block) if block.attrs.is_empty() && block.label.is_none() => block.block.stmts,
        body => vec![Stmt::Expr(body, None)],
    };
    let output = returns::output(&closure.output, Spelling::Unnameable);
    Machine {
        arguments,
        span: body_span,
        ..of_block(stmts, output, kind, crate_path, span, errors)
    }
}

/// Makes the state machine of the statements that the macro for blocks holds, and that return `output`.
pub(crate) fn of_block(
    mut stmts: Vec<Stmt>,
    output: Spelling,
    kind: Kind,
    crate_path: &CratePath,
    span: (Span, Span),
    errors: &mut Errors,
) -> Machine {
    let exchange = inferred_exchange(kind, &stmts, &output);
    let output = inferred_output(kind, &stmts, output);
    let yields = body::rewrite(&mut stmts, kind, crate_path);
    check::faults(yields.faults, kind, errors);
    Machine {
        exchange,
        name: kind.noun().to_owned(),
        own_name: None,
        name_span: span.0,
        output,
        arguments: Vec::new(),
        span: span.0,
        owners: span,
        stmts,
        sites: yields.sites,
        flow: None,
    }
}

/// Nobody can tell what a block yields. It is sent nothing where it throws away whatever it is sent.
fn inferred_exchange(kind: Kind, stmts: &[Stmt], output: &Spelling) -> Exchange {
    let is_last_used = matches!(output, Spelling::Declared(_));
    let yields = Spelling::Unnameable;
    match kind {
        Kind::Coroutine => Exchange::Coroutine,
        Kind::Generator if discard::all_values(stmts, is_last_used) => Exchange::Generator {
            yields,
            resumes: Spelling::Unit,
        },
        Kind::Generator => Exchange::Generator {
            yields,
            resumes: Spelling::Unnameable,
        },
        Kind::AsyncGenerator => Exchange::AsyncGenerator { yields },
    }
}

fn inferred_output(kind: Kind, stmts: &[Stmt], output: Spelling) -> Spelling {
    match output {
        Spelling::Unnameable if kind != Kind::Coroutine && unit::is_only_value(stmts) => {
            Spelling::Unit
        }
        output => output,
    }
}

/// The tokens to blame when an argument does not live long enough: the type parameters and `impl Trait`s, else the
/// arguments.
fn owners(sig: &Signature) -> (Span, Span) {
    let params = sig.generics.params.iter().filter_map(|param| match param {
        GenericParam::Type(param) => Some(parse::ends(&param.ident.to_token_stream())),
        _ => None,
    });
    let hidden = sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) if !returns::is_nameable(&typed.ty) => {
            Some(parse::ends(&typed.ty.to_token_stream()))
        }
        _ => None,
    });
    let owners: Vec<_> = params.chain(hidden).collect();
    match owners.as_slice() {
        [only] => *only,
        [(first, _), .., (_, last)] => (*first, *last),
        [] if sig.inputs.is_empty() => parse::ends(&sig.ident.to_token_stream()),
        [] => parse::ends(&sig.inputs.to_token_stream()),
    }
}

/// Gives each argument the name under which it enters the state machine.
struct Namer {
    number: usize,
    /// The body before it is rewritten.
    body: TokenStream,
}

impl Namer {
    fn input(&mut self, input: &mut FnArg) -> Argument {
        match input {
            FnArg::Receiver(receiver) => Argument {
                name: Ident::new("self", receiver.self_token.span),
                attrs: receiver.attrs.clone(),
                binding: Binding::Used,
            },
            FnArg::Typed(typed) => self.pattern(&typed.attrs, &mut typed.pat),
        }
    }

    fn closure_input(&mut self, input: &mut Pat) -> Argument {
        match input {
            Pat::Type(typed) => self.pattern(&typed.attrs, &mut typed.pat),
            pat => self.pattern(&[], pat),
        }
    }

    /// `mut x` keeps its name; any other pattern goes inside, and `__arg0` takes its place.
    fn pattern(&mut self, attrs: &[Attribute], pat: &mut Pat) -> Argument {
        let attrs = attrs.to_vec();
        if let Pat::Ident(PatIdent {
            by_ref: None,
            subpat: None,
            ident,
            ..
        }) = pat
        {
            let is_used = ident.to_string().starts_with('_') || mentions(&self.body, ident);
            let binding = if is_used {
                Binding::Used
            } else {
                Binding::Unused
            };
            return Argument {
                name: ident.clone(),
                attrs,
                binding,
            };
        }
        let name = format_ident!(
            "__arg{}",
            self.number,
            span = Span::mixed_site().located_at(pat.span())
        );
        self.number += 1;
        let binding = match mem::replace(pat, Pat::Verbatim(name.to_token_stream())) {
            Pat::Wild(_) => Binding::Nameless,
            pat => Binding::Pattern(Box::new(pat)),
        };
        Argument {
            name,
            attrs,
            binding,
        }
    }
}

/// Whether a body mentions a name, be it in a format string.
fn mentions(body: &TokenStream, name: &Ident) -> bool {
    body.clone().into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(&group.stream(), name),
        TokenTree::Literal(literal) => literal.to_string().contains(&name.unraw().to_string()),
        TokenTree::Punct(_) => false,
    })
}
