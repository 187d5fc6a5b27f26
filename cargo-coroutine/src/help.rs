//! What `--help` says.

pub(crate) const VERSION: &str = concat!("cargo-coroutine ", env!("CARGO_PKG_VERSION"), "\n");

pub(crate) const COMMANDS: &str = "\
What the macros of coroutine-core make of a crate's coroutines

Usage: cargo coroutine <COMMAND> [PATH] [OPTIONS] [-- <CARGO OPTIONS>]

Commands:
  expand  Prints the macro's expansion alone, formatted, with its yield points numbered
  sites   Lists the yield points
  graph   Draws the state machine: states are yield points, edges are control flow

PATH chooses among the coroutines:
  src/web.rs       those of a file
  src/web.rs:42    the one around a line
  fetch            a function, by the end of its path: fetch, web::fetch, Client::fetch
Without it, all are meant.

`cargo coroutine <COMMAND> --help` lists the options.
";

const COMMON: &str = "
Options:
      --json                 Prints JSON, for editors
  -h, --help                 Prints this

Which coroutines there are (as for cargo check):
  -p, --package <SPEC>       A package of the workspace
      --workspace            All packages of the workspace
      --exclude <SPEC>       But for this one
      --lib, --bins, --examples, --tests, --benches, --all-targets
      --bin, --example, --test, --bench <NAME>
  -F, --features <FEATURES>
      --all-features, --no-default-features
  -r, --release              With the release profile
      --profile <NAME>
      --target <TRIPLE>
      --target-dir <DIR>
      --manifest-path <PATH>
  -j, --jobs <N>
      --locked, --offline, --frozen
  -q, --quiet
Unless stated, those of the library and the binaries; what is behind cfg(test) needs --tests. What stands behind -- goes to cargo check as it is.

Exit status: 0, or 1 if the crate does not compile (what could be expanded is shown), or 2 if the command line is wrong or PATH names nothing, or more than one.
";

pub(crate) fn expand() -> String {
    format!(
        "\
Prints the macro's expansion alone, formatted, with its yield points numbered

Usage: cargo coroutine expand [PATH] [OPTIONS] [-- <CARGO OPTIONS>]
{COMMON}"
    )
}

pub(crate) fn sites() -> String {
    format!(
        "\
Lists the yield points: place, coroutine, number and operand

Usage: cargo coroutine sites [PATH] [OPTIONS] [-- <CARGO OPTIONS>]
{COMMON}"
    )
}

pub(crate) fn graph() -> String {
    format!(
        "\
Draws the state machine of a coroutine: states are yield points, edges are control flow

Usage: cargo coroutine graph [PATH] [OPTIONS] [-- <CARGO OPTIONS>]

Pictures:
      --format <FORMAT>      svg (the default), dot or mermaid
  -o, --output <FILE>        Writes to a file, whose ending tells the format: .svg, .dot, .gv, .mmd, .mermaid.
                             A folder gets a file for each coroutine
{COMMON}"
    )
}
