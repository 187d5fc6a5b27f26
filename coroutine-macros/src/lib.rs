//! The macros of `coroutine-core` and `coroutine-http`, which re-export them. Use them from there.
//!
//! A function goes through a `pipeline`, a module a step:
//!
//! ```text
//! tokens -> arguments, parse -> check -> machine -> body -> expand -> tokens
//!                                 \----------------------> fallback (beside errors)
//! ```
//!
//! - `arguments` reads those of the attribute, with the help of `crate_path`, and `parse` the function;
//! - `check` holds every message that a user can meet;
//! - `machine` makes the `model` of a coroutine or a generator out of a function, a closure or a block (`discard` says
//!   whether a block is sent anything, and `unit` whether it returns anything);
//! - `body` finds the yield points, numbers and rewrites them (`macros` those among other macros' arguments), as
//!   `point` writes them, with the `operand`'s text for reports;
//! - `expand` writes the code, and cannot fail;
//! - `flow` finds which yield point can follow which (with `flow_macros`, and `look`, which tells what is in an expression), and `record` writes that and the rest down, where `cargo coroutine` or the feature `flow` asks for it;
//! - `fallback` writes a stand-in beside errors, so that callers of a broken coroutine still compile.
//!
//! `asynchronous` is apart: a handler in the callback style is no coroutine.

mod arguments;
mod asynchronous;
mod body;
mod borrow;
mod check;
mod crate_path;
mod discard;
mod errors;
mod expand;
mod fallback;
mod flow;
mod flow_macros;
#[cfg(test)]
mod flow_tests;
mod look;
mod machine;
mod macros;
mod model;
mod operand;
mod parse;
mod pipeline;
mod point;
mod record;
mod returns;
#[cfg(test)]
mod tests;
mod unit;

use proc_macro::TokenStream;

use model::Flavour;
use record::Wanted;

/// Turns a function with yield points into a coroutine.
///
/// `fn f(a: A) -> T` becomes `fn f(a: A) -> Future<T>`: a call runs the body at once, up to the first yield that is
/// not ready, and the `IoLoop` runs the rest. In the body `yield_!(operand)` and `operand.await` suspend the coroutine
/// until the operand is done, and evaluate to its result; so they do among the arguments of other macros, such as `println!`.
///
/// Write the attribute with a path, `#[co::coroutine]`: rustc keeps the bare name to itself (E0659).
///
/// # Arguments
///
/// - `lazy`: the function returns `impl Future<Output = T>`, without an allocation, which starts when it is first
///   yielded. It may borrow its arguments.
/// - `name = "..."`: the name in reports, instead of the function's. With arguments in it, as in `name = "fetch {url}"`, it is formatted once, when the coroutine
///   starts: that costs each coroutine a string.
/// - `crate = path`: where the generated code finds `coroutine_core`. A dependency that Cargo.toml renames is found by itself.
///
/// # Errors
///
/// A yield that is not the coroutine's own (in a closure, an `async` block, a nested function), a borrowed argument
/// without `lazy`, `async fn`, `const fn`, `extern fn`, and unknown arguments are compile errors, each on its token.
///
/// # Examples
///
/// ```text
/// use coroutine_core as co;
///
/// #[co::coroutine]
/// fn sum(a: co::Future<i32>, b: co::Future<i32>) -> i32 {
///     yield_!(a) + yield_!(b)
/// }
/// ```
#[proc_macro_attribute]
pub fn coroutine(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(
        &Wanted::by_environment(),
        Flavour::Coroutine,
        arguments.into(),
        item.into(),
    )
    .into()
}

/// Turns a function with yield points into a generator, which hands a value out at each.
///
/// `fn f(a: A) -> T` becomes `fn f(a: A) -> Generator<Y, R, impl Future<Output = T>>`: a call runs nothing, and each resumption
/// runs the body up to its next `yield_!(value)`, which gives `value` out and evaluates to what is sent in. No loop is
/// involved. `T` is what the generator returns at its end. It may borrow its arguments. A trait with such a method is not
/// dyn-compatible: for that, write an ordinary method that returns a `BoxedGenerator`.
///
/// `async fn` becomes `fn f(a: A) -> AsyncGenerator<Y, impl Future<Output = T>>`, a stream, whose body may `.await` as well. Its
/// `T` is `()` or `Result<(), E>`.
///
/// # Arguments
///
/// - `yield = Type`: what is given out. Every generator needs it.
/// - `resume = Type`: what is sent in, `()` unless stated.
/// - `name = "..."`: the name in reports, instead of the function's.
/// - `crate = path`: where the generated code finds `coroutine_core`. A dependency that Cargo.toml renames is found by itself.
///
/// # Errors
///
/// A yield that is not the generator's own (in a closure, an `async` block, a nested function), `.await` in a function that is
/// not `async`, `resume` on one that is, `const fn`, `extern fn`, a return type that names the generator itself, and
/// unknown arguments are compile errors, each on its token.
///
/// # Examples
///
/// ```text
/// use coroutine_core as co;
///
/// #[co::generator(yield = String, resume = u32)]
/// fn consumer() {
///     let mut reply = "ready".to_owned();
///     loop {
///         let task = yield_!(reply);
///         reply = format!("task {task} done");
///     }
/// }
/// ```
#[proc_macro_attribute]
pub fn generator(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(
        &Wanted::by_environment(),
        Flavour::Generator,
        arguments.into(),
        item.into(),
    )
    .into()
}

/// Makes a coroutine of `fn main` and runs the thread's `IoLoop` until it is done.
///
/// # Arguments
///
/// - `crate = path`: where the generated code finds `coroutine_core`.
///
/// # Errors
///
/// The function takes neither arguments nor generic parameters.
///
/// # Examples
///
/// ```text
/// use coroutine_core as co;
/// use std::time::Duration;
///
/// #[co::main]
/// fn main() {
///     yield_!(co::sleep(Duration::from_secs(1)));
///     println!("a second later");
/// }
/// ```
#[proc_macro_attribute]
pub fn main(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(
        &Wanted::by_environment(),
        Flavour::Main,
        arguments.into(),
        item.into(),
    )
    .into()
}

/// Makes a test of a coroutine: it runs on an `IoLoop` of its own and fails when its time is over.
///
/// # Arguments
///
/// - `timeout = seconds`: an integer or a float; 5 unless stated.
/// - `virtual_clock`: time passes only when nothing else is left to do, so sleeps take none.
/// - `crate = path`: where the generated code finds `coroutine_core`.
///
/// # Errors
///
/// The function takes neither arguments nor generic parameters, and no second `#[test]`.
///
/// # Examples
///
/// ```text
/// use coroutine_core as co;
/// use std::time::Duration;
///
/// #[co::test(virtual_clock, timeout = 10)]
/// fn five_seconds_pass_at_once() {
///     yield_!(co::sleep(Duration::from_secs(5)));
/// }
/// ```
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    pipeline::attribute(
        &Wanted::by_environment(),
        Flavour::Test,
        arguments.into(),
        item.into(),
    )
    .into()
}

/// Makes a handler of a function in the callback style: it returns without an end of the response, and its callbacks write it and `finish` it.
///
/// # Errors
///
/// The function gives `()` or `Result<(), E>`, and is no coroutine, which needs no such attribute. The attribute takes no arguments.
///
/// # Examples
///
/// ```text
/// use coroutine_http::{AsyncHttpClient, RequestHandler, asynchronous};
///
/// #[asynchronous]
/// fn get(mut handler: RequestHandler) {
///     IoLoop::current().call_later(Duration::from_secs(5), move || {
///         handler.write("five seconds later");
///         handler.finish();
///     });
/// }
/// ```
#[proc_macro_attribute]
pub fn asynchronous(arguments: TokenStream, item: TokenStream) -> TokenStream {
    asynchronous::attribute(arguments.into(), item.into()).into()
}

/// `coroutine! { ... }` behind the scenes: the input begins with the runtime's path in parentheses.
#[doc(hidden)]
#[proc_macro]
pub fn coroutine_block(input: TokenStream) -> TokenStream {
    pipeline::block(&Wanted::by_environment(), Flavour::Coroutine, input.into()).into()
}

/// `generator! { ... }` behind the scenes: the input begins with the runtime's path in parentheses.
#[doc(hidden)]
#[proc_macro]
pub fn generator_block(input: TokenStream) -> TokenStream {
    pipeline::block(&Wanted::by_environment(), Flavour::Generator, input.into()).into()
}
