//! `cargo coroutine`: the expansions, the yield points and the state machines of a crate's coroutines.
//!
//! The macros of `coroutine-core` write a record of each coroutine where an environment variable names a folder (`artifact` reads them). So the command has cargo check the
//! crate (`cargo`), with itself in rustc's place (`wrapper`), which gives each unit a folder of its own and then starts rustc. What is asked for is chosen by name, file or line (`select`, with
//! names from `locate`), and shown by `expand`, `sites` and `graph`.

mod arguments;
mod artifact;
mod cargo;
mod expand;
mod failure;
mod graph;
mod help;
mod locate;
mod select;
mod similar;
mod sites;
mod units;
mod wrapper;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use arguments::{Action, Command, Request};
use failure::Failure;

fn main() -> ExitCode {
    if let Some(units) = env::var_os(wrapper::UNITS) {
        return wrapper::run(units.as_ref());
    }
    match arguments::parse(env::args_os()).and_then(|command| match command {
        Command::Print(text) => print(&text).map(|()| ExitCode::SUCCESS),
        Command::Run(request) => run(&request),
    }) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("error: {failure}");
            failure.code()
        }
    }
}

/// What could be expanded is shown although the crate has errors.
fn run(request: &Request) -> Result<ExitCode, Failure> {
    let build = cargo::check(request)?;
    let chosen = select::choose(build.coroutines, request.path.as_deref()).map_err(|failure| {
        if build.is_ok {
            failure
        } else {
            Failure::build(format!(
                "{failure}\nnote: the crate has errors, so there may be more"
            ))
        }
    })?;
    match &request.action {
        Action::Expand => print(&expand::show(&chosen, request.json)?)?,
        Action::Sites => print(&sites::show(&chosen, request.json))?,
        Action::Graph(picture) => {
            if let Some(text) = graph::show(&chosen, picture, request.json)? {
                print(&text)?;
            }
        }
    }
    if build.is_ok {
        Ok(ExitCode::SUCCESS)
    } else {
        Err(Failure::build(
            "the crate has errors; this is what could be expanded",
        ))
    }
}

/// A reader that has seen enough, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::io("cannot write to the standard output", &error))
        }
        _ => Ok(()),
    }
}
