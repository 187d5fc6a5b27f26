//! Writes the code of a coroutine. Nothing here can fail.
//!
//! Every name is absolute, and every token has the macro's own span (`code!`), but for those of the user.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, ExprClosure, ReturnType, Signature, Type};

use crate::model::{
    Argument, Binding, CratePath, Flavour, Function, Machine, Options, Output, Position,
};
use crate::parse;

/// `quote!` with the macro's own span: its variables cannot meet the user's.
macro_rules! code {
    ($($tokens:tt)*) => { quote_spanned!(Span::mixed_site()=> $($tokens)*) };
}

/// Writes a function.
///
/// ```text
/// fn f(a: A) -> T {              fn f(a: A) -> ::coroutine_core::Future<T> {
///     yield_!(a)              ->     ::coroutine_core::__private::start(sites! { .. }, async move { .. })
/// }                              }
/// ```
pub(crate) fn function(
    flavour: Flavour,
    options: &Options,
    function: &Function,
    machine: Option<&Machine>,
) -> TokenStream {
    let header = header(flavour, options, function);
    let (Some(machine), Some(body)) = (machine, &function.body) else {
        return code!(#header;);
    };
    let inner = &body.attrs;
    let call = call(flavour, options, machine);
    let mut block = Group::new(Delimiter::Brace, code!(#(#inner)* #call));
    // As in `future_of`: the function is to begin and to end in the user's tokens.
    block.set_span(body.span);
    code!(#header #block)
}

/// Writes everything of a function but its body.
pub(crate) fn header(flavour: Flavour, options: &Options, function: &Function) -> TokenStream {
    let Function {
        attrs,
        vis,
        defaultness,
        ..
    } = function;
    let test = matches!(flavour, Flavour::Test).then(|| code!(#[::core::prelude::v1::test]));
    let mut sig = function.sig.clone();
    if flavour == Flavour::Coroutine {
        sig.output = future_of(options, &sig);
    }
    code!(#(#attrs)* #test #vis #defaultness #sig)
}

/// `-> T` to `-> ::coroutine_core::Future<T>`, or to `-> impl Future<Output = T>` for a lazy coroutine.
///
/// The new type lies on the user's. Its last token is even the user's own, as far as rustc can see: to a function that
/// ends in another macro's token it would not apply the lints about unused functions.
fn future_of(options: &Options, sig: &Signature) -> ReturnType {
    let (arrow, ty, (first, last)) = match &sig.output {
        ReturnType::Default => (
            <_>::default(),
            code!(()),
            (sig.ident.span(), sig.paren_token.span.close()),
        ),
        ReturnType::Type(arrow, ty) => (
            *arrow,
            ty.to_token_stream(),
            parse::ends(&ty.to_token_stream()),
        ),
    };
    let here = Span::mixed_site().located_at(first);
    let path = options.crate_path.at(here);
    let future = if options.lazy.is_some() {
        quote_spanned!(here=> impl ::core::future::Future<Output = #ty)
    } else {
        quote_spanned!(here=> #path::Future<#ty)
    };
    let end = quote_spanned!(last=> >);
    ReturnType::Type(
        arrow,
        Box::new(Type::Verbatim(quote_spanned!(here=> #future #end))),
    )
}

fn call(flavour: Flavour, options: &Options, machine: &Machine) -> TokenStream {
    let crate_path = &options.crate_path;
    match flavour {
        Flavour::Coroutine if options.lazy.is_some() => {
            let (sites, block) = (sites(crate_path, machine), block(machine));
            code!(#crate_path::__private::lazy(#sites, #block))
        }
        Flavour::Coroutine => start(crate_path, machine),
        Flavour::Main => {
            let start = start(crate_path, machine);
            code!(#crate_path::__private::run_main(move || #start))
        }
        Flavour::Test => {
            let start = start(crate_path, machine);
            let timeout = Literal::u64_unsuffixed(options.timeout_millis);
            let virtual_clock = options.virtual_clock;
            code!(#crate_path::__private::run_test(::core::time::Duration::from_millis(#timeout), #virtual_clock, move || #start))
        }
    }
}

/// Writes a closure that starts a coroutine when it is called. It owns what it captures, as its coroutines do.
///
/// `|x: u32| -> T { yield x; }` -> `move |x: u32| -> ::coroutine_core::Future<T> { start(sites! { .. }, async move { .. }) }`
pub(crate) fn closure(
    crate_path: &CratePath,
    closure: &ExprClosure,
    machine: &Machine,
) -> TokenStream {
    let ExprClosure {
        attrs,
        lifetimes,
        inputs,
        ..
    } = closure;
    let output = match &machine.output {
        Output::Declared(ty) => code!(-> #crate_path::Future<#ty>),
        _ => TokenStream::new(),
    };
    let start = start(crate_path, machine);
    let body = if output.is_empty() {
        start
    } else {
        code!({ #start })
    };
    code!(#(#attrs)* #lifetimes move |#inputs| #output #body)
}

/// Writes the call that starts a state machine at once.
///
/// Its first and last token lie on the tokens to blame: rustc reports an argument that does not live long enough
/// there, once.
pub(crate) fn start(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    let (first, last) = machine.owners;
    let path = crate_path.at(first);
    let (sites, block) = (sites(crate_path, machine), block(machine));
    let arguments = code!(#sites, #block);
    let mut parentheses = Group::new(Delimiter::Parenthesis, arguments);
    parentheses.set_span(last);
    quote_spanned!(first=> #path::__private::start #parentheses)
}

/// Writes the table of yield points: `sites! { "f" at 1:4 -> T; 0 = 2:5 "a"; }`
fn sites(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    let Machine { name, sites, .. } = machine;
    let at = place(machine.name_span.into());
    let output = declared(&machine.output).map(|ty| code!(-> #ty));
    let numbers = (0..sites.len()).map(Literal::usize_unsuffixed);
    let places = sites.iter().map(|site| place(site.at));
    let operands = sites.iter().map(|site| &site.operand);
    code!(#crate_path::__private::sites! { #name at #at #output; #(#numbers = #places #operands;)* })
}

/// `line:column`
fn place(position: Position) -> TokenStream {
    let line = Literal::usize_unsuffixed(position.line);
    let column = Literal::usize_unsuffixed(position.column);
    code!(#line:#column)
}

fn declared(output: &Output) -> Option<TokenStream> {
    match output {
        Output::Unit => Some(code!(())),
        Output::Declared(ty) => Some(ty.to_token_stream()),
        Output::Unnameable => None,
    }
}

/// Writes the state machine.
///
/// The `return` that never happens tells rustc the block's type before it sees the user's statements: a wrong type is
/// then reported on the user's expression, and not on the block.
///
/// ```text
///               async move {
///                   let _ = (&a,);
/// { f(a) }  ->      if let Some(value) = None::<T> { return value; }
///                   { f(a) }
///               }
/// ```
fn block(machine: &Machine) -> TokenStream {
    let prologue = prologue(&machine.arguments);
    let stmts = &machine.stmts;
    let pin = pin(machine);
    if prologue.is_empty() && pin.is_none() {
        return code!(async move { #(#stmts)* });
    }
    let body = quote_spanned!(Span::mixed_site().located_at(machine.span)=> { #(#stmts)* });
    code!(async move { #prologue #pin #body })
}

/// The value lies on the type, which rustc points at when another type is returned.
fn pin(machine: &Machine) -> Option<TokenStream> {
    let ty = declared(&machine.output)?;
    let span = match &machine.output {
        Output::Declared(ty) => ty.span(),
        _ => machine.name_span,
    };
    let value = Ident::new("value", span);
    Some(
        code!(if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#ty> { return #value; }),
    )
}

/// Makes the state machine own all of its arguments, also those that the body does not use, or uses in part, until
/// its end, where they are dropped in the order of an ordinary function: the last one first.
///
/// Binding them anew would store them twice.
fn prologue(arguments: &[Argument]) -> TokenStream {
    let captured = |argument: &&Argument| !matches!(argument.binding, Binding::Unused);
    let (always, sometimes): (Vec<_>, Vec<_>) = arguments
        .iter()
        .rev()
        .filter(captured)
        .partition(|argument| cfgs(argument).next().is_none());
    let captures = (!always.is_empty()).then(|| capture(&always));
    let conditional = sometimes.iter().map(|argument| {
        let (cfgs, capture) = (cfgs(argument), capture(&[argument]));
        code!(#(#cfgs)* #capture)
    });
    let bindings = arguments.iter().map(binding);
    code!(#captures #(#conditional)* #(#bindings)*)
}

/// `let _ = (&b, &a);`, of which clippy is not to say that it uses `_a`.
fn capture(arguments: &[&Argument]) -> TokenStream {
    let names: Vec<_> = arguments.iter().map(|argument| &argument.name).collect();
    let is_marked = arguments.iter().any(|argument| argument.is_marked());
    let allow = is_marked.then(|| code!(#[allow(clippy::used_underscore_binding)]));
    code!(#allow let _ = (#(&#names,)*);)
}

fn cfgs(argument: &Argument) -> impl Iterator<Item = &Attribute> {
    argument
        .attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
}

/// `(x, y): Point` -> `let (x, y) = __arg0;`
fn binding(argument: &Argument) -> Option<TokenStream> {
    let Argument {
        name,
        attrs,
        binding,
    } = argument;
    match binding {
        Binding::Used | Binding::Nameless => None,
        Binding::Unused => Some(code!(#(#attrs)* let #name = #name;)),
        Binding::Pattern(pat) => Some(code!(#(#attrs)* let #pat = #name;)),
    }
}
