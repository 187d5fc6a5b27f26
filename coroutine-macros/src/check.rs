//! Every message that a user of the macros can meet. Each says what is wrong, and what to write instead.

use std::fmt::Display;

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::{
    Attribute, Error, ExprClosure, FnArg, Pat, Receiver, ReceiverKind, ReturnType, Signature, Type,
};

use crate::borrow;
use crate::errors::Errors;
use crate::model::{CratePath, Fault, FaultKind, Flavour, Function, Options, Place};
use crate::returns;

/// A message of two lines: what is wrong, and what to write instead.
fn error(span: Span, problem: impl Display, fix: impl Display) -> Error {
    Error::new(span, format!("{problem}\n{fix}"))
}

// The attribute and its arguments.

fn allowed(flavour: Flavour) -> String {
    let arguments = match flavour {
        Flavour::Coroutine => "`lazy`, `name = \"...\"` and `crate = path`",
        Flavour::Main => "`crate = path`",
        Flavour::Test => "`timeout = seconds`, `virtual_clock` and `crate = path`",
    };
    format!("`{}` takes {arguments}", flavour.attribute())
}

pub(crate) fn unreadable_arguments(flavour: Flavour, span: Span) -> Error {
    error(
        span,
        "expected arguments separated by commas",
        allowed(flavour),
    )
}

pub(crate) fn unknown_argument(flavour: Flavour, key: &Ident) -> Error {
    error(
        key.span(),
        format!("unknown argument `{key}`"),
        allowed(flavour),
    )
}

pub(crate) fn duplicate_argument(key: &Ident) -> Error {
    error(
        key.span(),
        format!("`{key}` is given twice"),
        "remove one of them",
    )
}

pub(crate) fn value_not_wanted(key: &Ident) -> Error {
    error(
        key.span(),
        format!("`{key}` takes no value"),
        format!("write the word alone: `{key}`"),
    )
}

pub(crate) fn path_wanted(key: &Ident, value: &TokenStream) -> Error {
    error(
        blamed(key, value),
        "`crate` takes a path",
        "write it without quotes: `crate = my_core`",
    )
}

pub(crate) fn name_wanted(key: &Ident, value: &TokenStream) -> Error {
    error(
        blamed(key, value),
        "`name` takes a string that is not empty",
        "write it in quotes: `name = \"fetch\"`",
    )
}

pub(crate) fn seconds_wanted(key: &Ident, value: &TokenStream) -> Error {
    let problem = "`timeout` takes a number of seconds, at least 0.001";
    error(
        blamed(key, value),
        problem,
        "write `timeout = 5` or `timeout = 0.5`",
    )
}

/// An error about a value lies on the value, or on the key where there is none.
fn blamed(key: &Ident, value: &TokenStream) -> Span {
    if value.is_empty() {
        key.span()
    } else {
        value.span()
    }
}

pub(crate) fn not_a_function(flavour: Flavour, noun: &str, span: Span) -> Error {
    let fix = match (flavour, noun) {
        (Flavour::Coroutine, "a closure") => "use `co::block::coroutine! { |x| ... }` instead",
        (Flavour::Coroutine, "an impl block" | "a trait") => {
            "put it on each method that is to be a coroutine"
        }
        _ => "put it on a function",
    };
    error(
        span,
        format!(
            "`{}` makes coroutines of functions, and this is {noun}",
            flavour.attribute()
        ),
        fix,
    )
}

// The function.

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
            if options.lazy.is_none() {
                function
                    .sig
                    .inputs
                    .iter()
                    .filter_map(borrowed_input)
                    .for_each(|error| errors.push(error));
            }
            output(&function.sig.output, &options.crate_path, errors);
        }
        Flavour::Main | Flavour::Test => entry(flavour, function, errors),
    }
}

/// Whether an attribute asks once more for what is being done.
pub(crate) fn is_second(attr: &Attribute) -> bool {
    let name = attr
        .path()
        .segments
        .last()
        .map(|name| name.ident.to_string());
    matches!(name.as_deref(), Some("coroutine" | "main" | "test"))
}

fn attributes(flavour: Flavour, attrs: &[Attribute], errors: &mut Errors) {
    for attr in attrs.iter().filter(|attr| is_second(attr)) {
        let (problem, fix) = match (flavour, attr.path().is_ident("test")) {
            (Flavour::Coroutine, true) => (
                "a test must wait for its coroutine",
                "write `#[co::test]` in place of both attributes",
            ),
            (Flavour::Test, true) => ("`#[co::test]` is all that a test needs", "remove `#[test]`"),
            _ => (
                "one such attribute is all that a coroutine needs",
                "remove the other",
            ),
        };
        let span = attr
            .path()
            .segments
            .last()
            .map_or_else(|| attr.span(), Spanned::span);
        errors.push(error(span, problem, fix));
    }
}

fn qualifiers(flavour: Flavour, sig: &Signature, errors: &mut Errors) {
    if let Some(token) = &sig.constness {
        errors.push(error(
            token.span,
            "a coroutine runs on a loop, and the compiler has none",
            "remove `const`",
        ));
    }
    if let Some(token) = &sig.asyncness {
        let problem = format!(
            "`{}` makes the function asynchronous by itself",
            flavour.attribute()
        );
        errors.push(error(token.span, problem, "remove `async`"));
    }
    if let Some(abi) = &sig.abi {
        let problem = "a coroutine cannot be called from another language, which has no `Future`";
        let fix = "remove `extern`, and start the coroutine from an `extern` function that is none";
        errors.push(error(abi.extern_token.span, problem, fix));
    }
    if let Some(variadic) = &sig.variadic {
        let problem = "a coroutine has a fixed number of arguments";
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

/// Checks a closure in `coroutine!` but for the yield points in its body.
pub(crate) fn closure(closure: &ExprClosure, errors: &mut Errors) {
    if let Some(token) = &closure.asyncness {
        errors.push(error(
            token.span,
            "`coroutine!` makes the closure asynchronous by itself",
            "remove `async`",
        ));
    }
    let types = closure.inputs.iter().filter_map(|input| match input {
        Pat::Type(typed) => borrow::find(&typed.ty),
        _ => None,
    });
    types.for_each(|span| errors.push(error(span, OUTLIVES, "take a type without borrows")));
}

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

fn output(output: &ReturnType, crate_path: &CratePath, errors: &mut Errors) {
    if let Some(never) = returns::never(output) {
        let fix = "leave the return type out, or write `-> std::convert::Infallible`";
        errors.push(error(
            never.bang_token.span,
            "a coroutine cannot return `!`",
            fix,
        ));
    }
    if let Some((name, result)) = returns::future(output, crate_path) {
        let problem = "`#[co::coroutine]` wraps the result in a `Future` by itself";
        let fix = format!(
            "write `-> {}`; to return a future as the result, name its type with a `type` alias",
            borrow::spelling(result)
        );
        errors.push(error(name.span(), problem, fix));
    }
}

// The yield points.

pub(crate) fn faults(faults: Vec<Fault>, errors: &mut Errors) {
    faults
        .into_iter()
        .for_each(|fault| errors.push(yield_point(fault)));
}

fn yield_point(fault: Fault) -> Error {
    let Fault {
        kind,
        span,
        spelling,
    } = fault;
    match kind {
        FaultKind::Unreadable(error) => error,
        FaultKind::Misplaced(place) => misplaced(place, spelling, span),
        FaultKind::NoOperand => {
            let (open, close) = if spelling == "yield" {
                (" ", "")
            } else {
                ("(", ")")
            };
            let fix = format!(
                "write `{spelling}{open}future{close}`, or `{spelling}{open}co::moment(){close}` to let others run"
            );
            error(
                span,
                format!("`{spelling}` needs something to wait for"),
                fix,
            )
        }
        FaultKind::ManyOperands => error(
            span,
            "`yield_!` takes one operand",
            "yield each on its own, or several of one type at once: `yield_!(vec![a, b])`",
        ),
        FaultKind::Hidden => error(
            span,
            "the operand of this `yield` cannot be told from the macro's other tokens",
            "write `yield_!(operand)`, or bind the result with `let` before the macro",
        ),
        FaultKind::TooMany => {
            let problem = "a coroutine has at most 65532 yield points";
            error(
                span,
                problem,
                "move some of them to coroutines of their own",
            )
        }
    }
}

fn misplaced(place: Place, spelling: &str, span: Span) -> Error {
    let (place, fix) = match place {
        Place::Body | Place::Closure => (
            "in a closure cannot suspend the coroutine around it",
            "yield outside of it, for example in a `for` loop, or make the closure a coroutine: `co::block::coroutine! { |x| ... }`",
        ),
        Place::AsyncBlock => (
            "in an `async` block cannot suspend the coroutine around it",
            "write `.await` here, or yield the block as a whole: `yield_!(async { ... })`",
        ),
        Place::AsyncClosure => (
            "in an `async` closure cannot suspend the coroutine around it",
            "write `.await` here, or make the closure a coroutine: `co::block::coroutine! { |x| ... }`",
        ),
        Place::Function => (
            "in a nested function cannot suspend the coroutine around it",
            "put `#[co::coroutine]` on the nested function as well",
        ),
        Place::Constant => (
            "cannot stand in a constant, which the compiler computes",
            "bind the result with `let` in the coroutine",
        ),
    };
    error(span, format!("`{spelling}` {place}"), fix)
}
