//! Every message that a user of the macros can meet. Each says what is wrong, and what to write instead.

use std::fmt::Display;

use proc_macro2::Span;
use syn::Error;

mod arguments;
pub(crate) mod asynchronous;
mod function;
mod yields;

pub(crate) use arguments::{
    arguments_in_name, duplicate_argument, name_wanted, not_a_function, path_wanted,
    seconds_wanted, type_wanted, unknown_argument, unreadable_arguments, value_not_wanted,
    yield_type_missing,
};
pub(crate) use function::{closure, function, is_second};
pub(crate) use yields::faults;

/// A message of two lines: what is wrong, and what to write instead.
fn error(span: Span, problem: impl Display, fix: impl Display) -> Error {
    Error::new(span, format!("{problem}\n{fix}"))
}
