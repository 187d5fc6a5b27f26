use std::process::ExitCode;

use coroutine_core as co;

#[co::main]
pub(crate) fn main() -> ExitCode {
    yield_!(co::moment());
    ExitCode::SUCCESS
}
