//! Every form of coroutine and generator compiles, and runs. A file a form; what they forbid themselves, such as warnings, has not happened.

// Some of it is there to be compiled only.
#![allow(dead_code)]

use std::process::ExitCode;
use std::thread;

mod arguments_live_to_the_end;
mod arguments_that_borrow_nothing;
mod async_generators;
pub mod attributes_and_documentation;
mod blocks;
mod closures_and_async_blocks;
mod control_flow;
mod free_function;
mod generator_blocks;
mod generator_functions;
mod generator_methods;
mod generators_made_by_macros;
mod generic_function;
mod impl_trait;
mod lazy_functions;
mod main_that_exits;
mod main_with_a_result;
mod methods;
mod names_of_the_user_do_not_clash;
mod no_warnings;
mod patterns_as_arguments;
mod runtime_under_another_name;
mod test_functions;
mod trait_methods;
#[allow(unused_braces)]
mod yields_in_macros;

/// On a thread of its own, since the loop of a thread is closed after its `main`.
fn run<T: Send + 'static>(main: fn() -> T) -> T {
    thread::spawn(main).join().expect("it has told why")
}

fn main() {
    run(arguments_live_to_the_end::main);
    run(arguments_that_borrow_nothing::main);
    run(async_generators::main);
    run(attributes_and_documentation::main);
    run(blocks::main);
    run(closures_and_async_blocks::main);
    run(control_flow::main);
    run(free_function::main);
    run(generator_blocks::main);
    run(generator_functions::main);
    run(generator_methods::main);
    run(generators_made_by_macros::main);
    run(generic_function::main);
    run(impl_trait::main);
    run(lazy_functions::main);
    assert_eq!(run(main_that_exits::main), ExitCode::SUCCESS);
    assert_eq!(run(main_with_a_result::main), Ok(()));
    run(methods::main);
    run(names_of_the_user_do_not_clash::main);
    run(no_warnings::main);
    run(patterns_as_arguments::main);
    run(runtime_under_another_name::main);
    run(trait_methods::main);
    run(yields_in_macros::main);
}
