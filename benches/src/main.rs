//! The same work done by this project and by its peers, in tables.
//!
//! `cargo run --release` runs everything; README.md tells the rest. Each contestant runs in a process of its own: this
//! binary starts itself again with the hidden subcommands `run` (a contestant) and `load` (the client of a server).

#![cfg_attr(feature = "nightly", feature(coroutines, coroutine_trait))]

mod child;
mod cli;
mod load;
mod measure;
mod raw_mio;
mod rounds;
mod runtimes;
mod table;
mod work;
mod works;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["run", work, contestant, scale] => child::run(work, contestant, scale),
        ["load", kind, port, connections, requests] => load::run(kind, port, connections, requests),
        options => bench(options),
    }
}

/// Measures the chosen works and prints the tables.
fn bench(options: &[&str]) -> ExitCode {
    match cli::parse(options) {
        Ok(options) => {
            let rows: Vec<_> = options
                .works()
                .map(|work| rounds::measure(work, &options))
                .collect();
            table::print(&rows);
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
