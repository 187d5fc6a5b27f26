//! From a macro's input to its output.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Stmt;
use syn::ext::IdentExt;

use crate::arguments;
use crate::check;
use crate::errors::Errors;
use crate::expand;
use crate::fallback;
use crate::flow;
use crate::machine;
use crate::model::{Content, CratePath, Flavour, Function, Kind, Options, Spelling};
use crate::parse::{self, Target};
use crate::record::{Record, Wanted};

/// `#[coroutine]`, `#[generator]`, `#[main]` and `#[test]`.
pub(crate) fn attribute(
    wanted: &Wanted,
    flavour: Flavour,
    arguments: TokenStream,
    item: TokenStream,
) -> TokenStream {
    let mut errors = Errors::default();
    let options = arguments::options(flavour, arguments, &mut errors);
    match parse::target(&item) {
        Target::Function(target) => {
            // The attribute itself is not in the item.
            let ends = (Span::call_site(), parse::ends(&item).1);
            function(wanted, flavour, &options, *target, ends, errors)
        }
        Target::Other(noun, span) => {
            errors.push(check::not_a_function(flavour, noun, span));
            let errors = errors.into_compile_errors();
            quote!(#errors #item)
        }
        Target::Closure(span) => {
            errors.push(check::not_a_function(flavour, "a closure", span));
            let errors = errors.into_compile_errors();
            quote!({ #errors #item })
        }
        Target::Unreadable => item,
    }
}

fn function(
    wanted: &Wanted,
    flavour: Flavour,
    options: &Options,
    mut function: Function,
    ends: (Span, Span),
    mut errors: Errors,
) -> TokenStream {
    check::function(flavour, options, &function, &mut errors);
    let original = function.clone();
    let kind = Kind::of_function(flavour, &function.sig);
    let flow = flow_of(
        wanted,
        original.body.iter().flat_map(|body| &body.stmts),
        kind,
    );
    let mut machine = machine::of_function(&mut function, kind, options, &mut errors);
    if let Some(machine) = &mut machine {
        machine.flow = flow.clone().filter(|_| wanted.embeds_flow);
    }
    let ident = function.sig.ident.clone();
    let (is_broken, expansion) = match errors.into_result() {
        Ok(()) => (
            false,
            expand::function(flavour, options, &function, machine.as_ref()),
        ),
        Err(error) => (true, fallback::function(flavour, options, original, error)),
    };
    let name = ident.unraw().to_string();
    let machine = machine.as_ref();
    wanted.record(&Record {
        spelling: flavour.attribute(),
        name: machine.map_or(&name, |machine| &machine.name),
        ident: Some(name.clone()),
        at: ident.span(),
        ends,
        sites: machine.map_or(&[], |machine| &machine.sites),
        flow: flow.as_deref().unwrap_or_default(),
        expansion: &expansion,
        is_broken,
    });
    expansion
}

/// `coroutine! { ... }` and `generator! { ... }`, with the runtime's path in front.
pub(crate) fn block(wanted: &Wanted, flavour: Flavour, input: TokenStream) -> TokenStream {
    let expansion = parse::block(input)
        .and_then(|(crate_path, tokens)| block_content(wanted, flavour, &crate_path, tokens));
    expansion.unwrap_or_else(fallback::expression)
}

fn block_content(
    wanted: &Wanted,
    flavour: Flavour,
    crate_path: &CratePath,
    tokens: TokenStream,
) -> syn::Result<TokenStream> {
    let mut errors = Errors::default();
    let span = parse::ends(&tokens);
    let content = parse::content(flavour, tokens)?;
    let kind = Kind::of_block(flavour, &content);
    let flow = flow_of(wanted, &content.statements(), kind);
    let embedded = flow.clone().filter(|_| wanted.embeds_flow);
    let (expansion, machine) = match content {
        Content::Closure(mut closure) => {
            check::closure(kind, &closure, &mut errors);
            let mut machine =
                machine::of_closure(&mut closure, kind, crate_path, span, &mut errors);
            machine.flow = embedded;
            (expand::closure(crate_path, &closure, &machine), machine)
        }
        Content::Async(stmts) | Content::Statements(stmts) => {
            let mut machine = machine::of_block(
                stmts,
                Spelling::Unnameable,
                kind,
                crate_path,
                span,
                &mut errors,
            );
            machine.flow = embedded;
            (expand::construct(crate_path, &machine), machine)
        }
    };
    errors.into_result()?;
    wanted.record(&Record {
        spelling: flavour.block(),
        ident: None,
        name: &machine.name,
        at: machine.name_span,
        ends: span,
        sites: &machine.sites,
        flow: flow.as_deref().unwrap_or_default(),
        expansion: &expansion,
        is_broken: false,
    });
    Ok(expansion)
}

/// The text of a body's flow, if anybody wants it.
fn flow_of<'a>(
    wanted: &Wanted,
    stmts: impl IntoIterator<Item = &'a Stmt>,
    kind: Kind,
) -> Option<String> {
    wanted.wants_flow().then(|| {
        let stmts = stmts.into_iter().cloned().collect();
        flow::of(stmts, kind).to_string()
    })
}
