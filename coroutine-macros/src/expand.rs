//! Writes the code of a coroutine. Nothing here can fail.
//!
//! Every name is absolute, and every token has the macro's own span (`code!`), but for those of the user.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, ExprClosure, LitStr, ReturnType, Signature, Type};

use crate::model::{
    Argument, Binding, CratePath, Exchange, Flavour, Function, Kind, Machine, Options, Position,
    Spelling,
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
    // As in `output`: the function is to begin and to end in the user's tokens.
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
    if matches!(flavour, Flavour::Coroutine | Flavour::Generator) {
        sig.output = output(Kind::of_function(flavour, &sig), options, &sig);
        sig.asyncness = None;
    }
    code!(#(#attrs)* #test #vis #defaultness #sig)
}

/// Writes what the function returns in place of `-> T`:
///
/// - `-> ::coroutine_core::Future<T>`, or `-> impl Future<Output = T>` for a lazy coroutine;
/// - `-> ::coroutine_core::Generator<Y, R, impl Future<Output = T>>`, or `-> ::coroutine_core::AsyncGenerator<Y, impl Future<Output = T>>`.
///
/// The new type lies on the user's. Its last token is even the user's own, as far as rustc can see: to a function that
/// ends in another macro's token it would not apply the lints about unused functions.
fn output(kind: Kind, options: &Options, sig: &Signature) -> ReturnType {
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
    let body = quote_spanned!(here=> impl ::core::future::Future<Output = #ty);
    let yields = &options.yields;
    let resumes = options
        .resumes
        .as_ref()
        .map_or_else(|| code!(()), |(_, ty)| ty.to_token_stream());
    let open = match kind {
        Kind::Coroutine if options.lazy.is_some() => body,
        Kind::Coroutine => quote_spanned!(here=> #path::Future<#ty),
        Kind::Generator => quote_spanned!(here=> #path::Generator<#yields, #resumes, #body>),
        Kind::AsyncGenerator => quote_spanned!(here=> #path::AsyncGenerator<#yields, #body>),
    };
    let close = quote_spanned!(last=> >);
    ReturnType::Type(arrow, Box::new(Type::Verbatim(quote!(#open #close))))
}

fn call(flavour: Flavour, options: &Options, machine: &Machine) -> TokenStream {
    let crate_path = &options.crate_path;
    match flavour {
        Flavour::Coroutine if options.lazy.is_some() => {
            let (sites, block) = (sites(crate_path, machine), block(crate_path, machine));
            code!(#crate_path::__private::lazy(#sites, #block))
        }
        Flavour::Coroutine | Flavour::Generator => construct(crate_path, machine),
        Flavour::Main => {
            let start = construct(crate_path, machine);
            code!(#crate_path::__private::run_main(move || #start))
        }
        Flavour::Test => {
            let start = construct(crate_path, machine);
            let timeout = Literal::u64_unsuffixed(options.timeout_millis);
            let virtual_clock = options.virtual_clock;
            code!(#crate_path::__private::run_test(::core::time::Duration::from_millis(#timeout), #virtual_clock, move || #start))
        }
    }
}

/// Writes a closure that starts a coroutine, or makes a generator, when it is called. It owns what it captures, as they do.
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
    let call = construct(crate_path, machine);
    let body = match (&machine.exchange, &machine.output) {
        (Exchange::Coroutine, Spelling::Declared(ty)) => {
            code!(-> #crate_path::Future<#ty> { #call })
        }
        _ => call,
    };
    code!(#(#attrs)* #lifetimes move |#inputs| #body)
}

/// Writes the call that makes what the machine is for: a coroutine, which starts at once, or a generator.
pub(crate) fn construct(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    match &machine.exchange {
        Exchange::Coroutine => start(crate_path, machine),
        Exchange::Generator { yields, resumes } => {
            let (yields, resumes) = (spelled(yields), spelled(resumes));
            generator(
                crate_path,
                machine,
                &code!(generator::<#yields, #resumes, _>),
            )
        }
        Exchange::AsyncGenerator { yields } => {
            let yields = spelled(yields);
            generator(crate_path, machine, &code!(async_generator::<#yields, _>))
        }
    }
}

/// Writes the call that makes a generator. What its body yields, it gives to the `yielder`.
///
/// The call lies on the body, where rustc reports what is yielded and does not live long enough.
fn generator(crate_path: &CratePath, machine: &Machine, function: &TokenStream) -> TokenStream {
    let here = Span::mixed_site().located_at(machine.span);
    let path = crate_path.at(here);
    let (sites, block) = (sites(crate_path, machine), block(crate_path, machine));
    let arguments = code!(#sites, move |yielder| #block);
    quote_spanned!(here=> #path::__private::#function(#arguments))
}

/// Writes the call that starts a state machine at once.
///
/// Its first and last token lie on the tokens to blame: rustc reports an argument that does not live long enough
/// there, once.
fn start(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    let (first, last) = machine.owners;
    let path = crate_path.at(first);
    let (sites, block) = (sites(crate_path, machine), block(crate_path, machine));
    let arguments = code!(#sites, #block);
    let mut parentheses = Group::new(Delimiter::Parenthesis, arguments);
    parentheses.set_span(last);
    quote_spanned!(first=> #path::__private::start #parentheses)
}

/// Writes the table of yield points: `sites! { "f" at 1:4 -> T; 0 = 2:5 "a"; }`
///
/// A name that the user has given stands behind an equals sign.
///
/// Only a coroutine's result can be lost, so only for a coroutine the table tells the type. Where the feature `flow` is on, `flow "s 0\n0 e"` comes last.
fn sites(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    let Machine { name, sites, .. } = machine;
    let at = place(machine.name_span.into());
    let is_coroutine = machine.exchange.kind() == Kind::Coroutine;
    let output = declared(&machine.output)
        .filter(|_| is_coroutine)
        .map(|ty| code!(-> #ty));
    let numbers = (0..sites.len()).map(Literal::usize_unsuffixed);
    let places = sites.iter().map(|site| place(site.at));
    let operands = sites.iter().map(|site| &site.operand);
    let flow = machine.flow.as_ref().map(|flow| code!(flow #flow));
    let mark = machine.own_name.is_some().then(|| code!(=));
    let sites = code!(#crate_path::__private::sites! { #mark #name at #at #output; #(#numbers = #places #operands;)* #flow });
    match &machine.own_name {
        Some(name) if is_coroutine && has_arguments(name) => with_name(crate_path, &sites, name),
        _ => sites,
    }
}

/// Whether a name is to be formatted.
pub(crate) fn has_arguments(name: &LitStr) -> bool {
    name.value().contains(['{', '}'])
}

/// Has the coroutine's description have a name that is made of the arguments, before the state machine takes these: `with_name(sites! { .. }, format!("fetch {url}"))`
///
/// The literal is the user's own, so rustc takes what stands in its braces for the user's code, and reports there what is wrong with it.
fn with_name(crate_path: &CratePath, sites: &TokenStream, name: &LitStr) -> TokenStream {
    code!(#crate_path::__private::with_name(#sites, #crate_path::__private::format!(#name)))
}

/// `line:column`
fn place(position: Position) -> TokenStream {
    let line = Literal::usize_unsuffixed(position.line);
    let column = Literal::usize_unsuffixed(position.column);
    code!(#line:#column)
}

fn declared(output: &Spelling) -> Option<TokenStream> {
    match output {
        Spelling::Unit => Some(code!(())),
        Spelling::Declared(ty) => Some(ty.to_token_stream()),
        Spelling::Unnameable => None,
    }
}

/// A type as an argument, `_` where it cannot be spelled.
fn spelled(spelling: &Spelling) -> TokenStream {
    declared(spelling).unwrap_or_else(|| code!(_))
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
fn block(crate_path: &CratePath, machine: &Machine) -> TokenStream {
    let prologue = prologue(&machine.arguments);
    let stmts = &machine.stmts;
    let (ending, pin) = (ending(crate_path, machine), pin(machine));
    let content = if prologue.is_empty() && pin.is_none() {
        code!(#(#stmts)*)
    } else {
        let body = quote_spanned!(Span::mixed_site().located_at(machine.span)=> { #(#stmts)* });
        code!(#prologue #ending #pin #body)
    };
    // The word and the braces are the user's, as far as rustc can see: in a block of a macro's it would not name the arguments in errors.
    let word = Ident::new("async", machine.span);
    let mut braces = Group::new(Delimiter::Brace, content);
    braces.set_span(machine.span);
    code!(#word move #braces)
}

/// The value lies on the type, which rustc points at when another type is returned.
fn pin(machine: &Machine) -> Option<TokenStream> {
    let ty = declared(&machine.output)?;
    let span = match &machine.output {
        Spelling::Declared(ty) => ty.span(),
        _ => machine.name_span,
    };
    let value = Ident::new("value", span);
    Some(
        code!(if let ::core::option::Option::Some(#value) = ::core::option::Option::None::<#ty> { return #value; }),
    )
}

/// Asks for a return type that a stream has a place for. All of it lies on the type, and so does the one error.
fn ending(crate_path: &CratePath, machine: &Machine) -> Option<TokenStream> {
    let Exchange::AsyncGenerator {
        yields: Spelling::Declared(yields),
    } = &machine.exchange
    else {
        return None;
    };
    let Spelling::Declared(ty) = &machine.output else {
        return None;
    };
    let (first, last) = parse::ends(&ty.to_token_stream());
    let path = crate_path.at(first);
    let method = Ident::new("last", last);
    let method = quote_spanned!(first=> <#ty as #path::Ending<#yields>>::#method);
    Some(code!(let _ = #method;))
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
