//! All of a function but the yield points in its body.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, ExprClosure, FnArg, Pat, Receiver, ReceiverKind, ReturnType, Signature, Type,
};

use super::error;
use crate::borrow;
use crate::errors::Errors;
use crate::model::{CratePath, Flavour, Function, Kind, Options};
use crate::returns;

/// Checks all of a function but the yield points in its body.
pub(crate) fn function(
    flavour: Flavour,
    options: &Options,
    function: &Function,
    errors: &mut Errors,
) {
    attributes(flavour, &function.attrs, errors);
    qualifiers(flavour, &function.sig, errors);
    match flavour {
        Flavour::Coroutine => {
            let inputs = function
                .sig
                .inputs
                .iter()
                .filter(|_| options.lazy.is_none());
            inputs
                .filter_map(borrowed_input)
                .for_each(|error| errors.push(error));
            future(&function.sig.output, &options.crate_path, errors);
        }
        Flavour::Generator => {
            resume(options, &function.sig, errors);
            iterator(&function.sig.output, &options.crate_path, errors);
        }
        Flavour::Main | Flavour::Test => return entry(flavour, function, errors),
    }
    never(flavour, &function.sig.output, errors);
}

/// Whether an attribute asks once more for what is being done.
pub(crate) fn is_second(attr: &Attribute) -> bool {
    ["coroutine", "generator", "main", "test"]
        .iter()
        .any(|name| is_named(attr, name))
}

/// `#[name]`, `#[path::name]`
fn is_named(attr: &Attribute, name: &str) -> bool {
    attr.path()
        .segments
        .last()
        .is_some_and(|last| last.ident == name)
}

/// What is wrong about a second attribute, and what to write instead.
fn second(flavour: Flavour, attr: &Attribute) -> (&'static str, &'static str) {
    let is_rustcs_test = attr.path().is_ident("test");
    match flavour {
        Flavour::Generator if is_named(attr, "test") => (
            "a test must resume its generator",
            "write a test that calls the generator",
        ),
        Flavour::Generator if is_named(attr, "generator") => (
            "one such attribute is all that a generator needs",
            "remove the other",
        ),
        Flavour::Coroutine if is_rustcs_test => (
            "a test must wait for its coroutine",
            "write `#[co::test]` in place of both attributes",
        ),
        Flavour::Test if is_rustcs_test => {
            ("`#[co::test]` is all that a test needs", "remove `#[test]`")
        }
        _ if flavour == Flavour::Generator || is_named(attr, "generator") => (
            "a function is a coroutine or a generator, and not both",
            "remove one of the attributes",
        ),
        _ => (
            "one such attribute is all that a coroutine needs",
            "remove the other",
        ),
    }
}

fn attributes(flavour: Flavour, attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| is_second(attr)) {
        let (problem, fix) = second(flavour, attr);
        let span = attr
            .path()
            .segments
            .last()
            .map_or_else(|| attr.span(), Spanned::span);
        errors.push(error(span, problem, fix));
    }
}

fn qualifiers(flavour: Flavour, sig: &Signature, errors: &mut Errors) {
    let noun = flavour.noun();
    if let Some(token) = &sig.constness {
        let problem = match flavour {
            Flavour::Generator => {
                "a generator runs when it is resumed, and the compiler resumes none"
            }
            _ => "a coroutine runs on a loop, and the compiler has none",
        };
        errors.push(error(token.span, problem, "remove `const`"));
    }
    if let Some(token) = sig.asyncness.filter(|_| flavour != Flavour::Generator) {
        let problem = format!(
            "`{}` makes the function asynchronous by itself",
            flavour.attribute()
        );
        errors.push(error(token.span, problem, "remove `async`"));
    }
    if let Some(abi) = &sig.abi {
        let (made, verb) = match flavour {
            Flavour::Generator => ("Generator", "make"),
            _ => ("Future", "start"),
        };
        let problem =
            format!("a {noun} cannot be called from another language, which has no `{made}`");
        let fix = format!(
            "remove `extern`, and {verb} the {noun} from an `extern` function that is none"
        );
        errors.push(error(abi.extern_token.span, problem, fix));
    }
    if let Some(variadic) = &sig.variadic {
        let problem = format!("a {noun} has a fixed number of arguments");
        let message = format!("{problem}\ntake a `Vec` instead of `...`");
        errors.push(Error::new_spanned(variadic.dots, message));
    }
}

fn entry(flavour: Flavour, function: &Function, errors: &mut Errors) {
    let attribute = flavour.attribute();
    let sig = &function.sig;
    if function.body.is_none() {
        errors.push(error(
            sig.ident.span(),
            format!("`{attribute}` wants a function with a body"),
            "add `{ ... }`",
        ));
    }
    if let Some(input) = sig.inputs.first() {
        let problem = format!("nobody would give a function under `{attribute}` its arguments");
        errors.push(error(input.span(), problem, "remove them"));
    }
    if let Some(param) = sig.generics.params.first() {
        let problem = format!("nobody would choose the types of a function under `{attribute}`");
        errors.push(error(param.span(), problem, "remove the parameters"));
    }
}

/// Checks a closure in `coroutine!` or `generator!` but for the yield points in its body.
pub(crate) fn closure(kind: Kind, closure: &ExprClosure, errors: &mut Errors) {
    let types = closure.inputs.iter().filter_map(|input| match input {
        Pat::Type(typed) => Some(&*typed.ty),
        _ => None,
    });
    if kind != Kind::Coroutine {
        let borrows = types.filter_map(borrow::find_anonymous);
        return borrows.for_each(|span| errors.push(error(span, BORROWED_ANEW, NAME_THE_LIFETIME)));
    }
    if let Some(token) = &closure.asyncness {
        errors.push(error(
            token.span,
            "`coroutine!` makes the closure asynchronous by itself",
            "remove `async`",
        ));
    }
    let borrows = types.filter_map(borrow::find);
    borrows.for_each(|span| errors.push(error(span, OUTLIVES, "take a type without borrows")));
}

const BORROWED_ANEW: &str = "a closure cannot return a generator that borrows from the call";
const NAME_THE_LIFETIME: &str = "take a type without borrows or with a named lifetime, or write a function under `#[co::generator]`";

const OUTLIVES: &str = "a coroutine outlives the call, so it must own its arguments";

fn borrowed_input(input: &FnArg) -> Option<Error> {
    let (span, owned) = match input {
        FnArg::Receiver(receiver) => (
            borrowed_receiver(receiver)?,
            "`self: Rc<Self>` or `self`".to_owned(),
        ),
        FnArg::Typed(typed) => (
            borrow::find(&typed.ty)?,
            owned_argument(&typed.pat, &typed.ty),
        ),
    };
    let fix =
        format!("take {owned}, or write `#[co::coroutine(lazy)]`: a lazy coroutine may borrow");
    Some(error(span, OUTLIVES, fix))
}

fn borrowed_receiver(receiver: &Receiver) -> Option<Span> {
    match &receiver.kind {
        ReceiverKind::Reference(and, ..) => Some(and.span),
        ReceiverKind::Typed(_, ty) => borrow::find(ty),
        _ => None,
    }
}

fn owned_argument(pat: &Pat, ty: &Type) -> String {
    match (pat, borrow::owned(ty)) {
        (Pat::Ident(pat), Some(owned)) => format!("`{}: {owned}`", pat.ident),
        (_, Some(owned)) => format!("`{owned}`"),
        (_, None) => "a type without borrows".to_owned(),
    }
}

fn future(output: &ReturnType, crate_path: &CratePath, errors: &mut Errors) {
    if let Some((name, result)) = returns::future(output, crate_path) {
        let problem = "`#[co::coroutine]` wraps the result in a `Future` by itself";
        let fix = format!(
            "write `-> {}`; to return a future as the result, name its type with a `type` alias",
            borrow::spelling(result)
        );
        errors.push(error(name.span(), problem, fix));
    }
}

fn iterator(output: &ReturnType, crate_path: &CratePath, errors: &mut Errors) {
    if let Some((name, item)) = returns::iterator(output, crate_path) {
        let problem = format!(
            "`#[co::generator]` makes the `{name}` by itself; `->` is for what the generator returns at its end"
        );
        let fix = match item {
            Some(item) => format!(
                "write `yield = {}` in the attribute, and no return type",
                borrow::spelling(item)
            ),
            None => "remove the return type, or write the type of what is returned".to_owned(),
        };
        errors.push(error(name.span(), problem, fix));
    }
}

fn never(flavour: Flavour, output: &ReturnType, errors: &mut Errors) {
    if let Some(never) = returns::never(output) {
        let problem = format!("a {} cannot return `!`", flavour.noun());
        let fix = "leave the return type out, or write `-> std::convert::Infallible`";
        errors.push(error(never.bang_token.span, problem, fix));
    }
}

fn resume(options: &Options, sig: &Signature, errors: &mut Errors) {
    if let (Some((key, _)), Some(_)) = (&options.resumes, &sig.asyncness) {
        let problem =
            "an asynchronous generator is a stream, and whoever reads a stream sends nothing";
        let fix = "remove `resume`, or `async`";
        errors.push(error(key.span(), problem, fix));
    }
}
