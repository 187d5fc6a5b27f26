//! Yield points that cannot be one.

use proc_macro2::Span;
use syn::Error;

use super::error;
use crate::errors::Errors;
use crate::model::{Fault, FaultKind, Kind, Place};

pub(crate) fn faults(faults: Vec<Fault>, kind: Kind, errors: &mut Errors) {
    faults
        .into_iter()
        .for_each(|fault| errors.push(yield_point(fault, kind)));
}

fn yield_point(fault: Fault, around: Kind) -> Error {
    let Fault {
        kind,
        span,
        spelling,
    } = fault;
    match kind {
        FaultKind::Unreadable(error) => error,
        FaultKind::Misplaced(place) => misplaced(place, around, spelling, span),
        FaultKind::NoOperand => no_operand(spelling, span),
        FaultKind::ManyOperands => many_operands(around, span),
        FaultKind::Hidden => error(
            span,
            "the operand of this `yield` cannot be told from the macro's other tokens",
            "write `yield_!(operand)`, or bind the result with `let` before the macro",
        ),
        FaultKind::TooMany => {
            let noun = around.noun();
            let problem = format!("a {noun} has at most 65532 yield points");
            error(
                span,
                problem,
                format!("move some of them to {noun}s of their own"),
            )
        }
        FaultKind::Await => error(
            span,
            "a generator cannot wait, for nobody resumes it but its caller",
            "write `async fn`, or `async { ... }` in a block; or have the value sent: `let value = yield_!(...)`, with `resume = Type`",
        ),
    }
}

fn no_operand(spelling: &str, span: Span) -> Error {
    let (open, close) = if spelling == "yield" {
        (" ", "")
    } else {
        ("(", ")")
    };
    let fix = format!(
        "write `{spelling}{open}future{close}`, or `{spelling}{open}co::moment(){close}` to let others run"
    );
    let problem = format!("`{spelling}` needs something to wait for");
    error(span, problem, fix)
}

fn many_operands(around: Kind, span: Span) -> Error {
    let fix = match around {
        Kind::Coroutine => "yield each on its own, or all at once as a tuple: `yield_!((a, b))`",
        Kind::Generator | Kind::AsyncGenerator => {
            "yield each on its own, or a tuple: `yield_!((a, b))`"
        }
    };
    error(span, "`yield_!` takes one operand", fix)
}

fn misplaced(place: Place, around: Kind, spelling: &str, span: Span) -> Error {
    let noun = around.noun();
    let surroundings = match place {
        Place::Body | Place::Closure => "in a closure",
        Place::AsyncBlock => "in an `async` block",
        Place::AsyncClosure => "in an `async` closure",
        Place::Function => "in a nested function",
        Place::Constant => {
            let problem =
                format!("`{spelling}` cannot stand in a constant, which the compiler computes");
            return error(
                span,
                problem,
                format!("bind the result with `let` in the {noun}"),
            );
        }
    };
    let problem = format!("`{spelling}` {surroundings} cannot suspend the {noun} around it");
    let fix = match around {
        Kind::Coroutine => instead_in_coroutine(place),
        Kind::Generator | Kind::AsyncGenerator => instead_in_generator(place),
    };
    error(span, problem, fix)
}

fn instead_in_coroutine(place: Place) -> &'static str {
    match place {
        Place::AsyncBlock => {
            "write `.await` here, or yield the block as a whole: `yield_!(async { ... })`"
        }
        Place::AsyncClosure => {
            "write `.await` here, or make the closure a coroutine: `co::block::coroutine! { |x| ... }`"
        }
        Place::Function => "put `#[co::coroutine]` on the nested function as well",
        Place::Body | Place::Closure | Place::Constant => {
            "yield outside of it, for example in a `for` loop, or make the closure a coroutine: `co::block::coroutine! { |x| ... }`"
        }
    }
}

fn instead_in_generator(place: Place) -> &'static str {
    match place {
        Place::AsyncBlock => {
            "yield outside of it, or make the block a generator: `co::block::generator! { async { ... } }`"
        }
        Place::AsyncClosure => {
            "yield outside of it, or make the closure a generator: `co::block::generator! { async |x| ... }`"
        }
        Place::Function => "put `#[co::generator(yield = Type)]` on the nested function as well",
        Place::Body | Place::Closure | Place::Constant => {
            "yield outside of it, for example in a `for` loop, or make the closure a generator: `co::block::generator! { |x| ... }`"
        }
    }
}
