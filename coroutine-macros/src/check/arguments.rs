//! The attribute and its arguments.

use proc_macro2::{Ident, Span, TokenStream};
use syn::spanned::Spanned;
use syn::{Error, LitStr};

use super::error;
use crate::model::Flavour;

fn allowed(flavour: Flavour) -> String {
    let arguments = match flavour {
        Flavour::Coroutine => "`lazy`, `name = \"...\"` and `crate = path`",
        Flavour::Generator => {
            "`yield = Type`, `resume = Type`, `name = \"...\"` and `crate = path`"
        }
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
    let fix = match (flavour, key.to_string().as_str()) {
        (Flavour::Generator, "lazy") => {
            "remove it: a generator is lazy by itself, nothing runs before it is resumed".to_owned()
        }
        (Flavour::Generator, "boxed") => {
            "remove it, and call `.boxed()` on the generator".to_owned()
        }
        (Flavour::Coroutine, "yield" | "resume") => {
            "write `#[co::generator(yield = Type)]` for a function that gives out values".to_owned()
        }
        _ => allowed(flavour),
    };
    error(key.span(), format!("unknown argument `{key}`"), fix)
}

pub(crate) fn yield_type_missing() -> Error {
    error(
        Span::call_site(),
        "a generator must tell the type of what it yields",
        "write `#[co::generator(yield = Type)]`",
    )
}

pub(crate) fn type_wanted(key: &Ident, value: &TokenStream) -> Error {
    error(
        blamed(key, value),
        format!("`{key}` takes a type"),
        format!("write it behind the word, and a comma between arguments: `{key} = u32`"),
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

pub(crate) fn arguments_in_name(name: &LitStr) -> Error {
    error(
        name.span(),
        "the name of a generator is not formatted, and cannot have braces in it",
        "write a plain name; a coroutine's can be `name = \"fetch {url}\"`",
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
    let made = flavour.noun();
    let fix = match (flavour, noun) {
        (Flavour::Main | Flavour::Test, _) => "put it on a function".to_owned(),
        (_, "a closure") => format!("use `co::block::{made}! {{ |x| ... }}` instead"),
        (_, "an impl block" | "a trait") => format!("put it on each method that is to be a {made}"),
        _ => "put it on a function".to_owned(),
    };
    let attribute = flavour.attribute();
    let problem = format!("`{attribute}` makes {made}s of functions, and this is {noun}");
    error(span, problem, fix)
}
