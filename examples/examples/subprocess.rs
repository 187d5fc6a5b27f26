//! cargo run -p coroutine-examples --example subprocess
//!
//! Two programs run at once; one is fed through a pipe and read line by line, the other is ended when it takes too long.

use std::io;
use std::process::{Command, Stdio};
use std::time::Duration;

use coroutine_core::process::Subprocess;
use coroutine_core::signal::SignalKind;
use coroutine_core::{self as co, IoStream};

#[co::coroutine]
fn sort(lines: &'static str) -> io::Result<()> {
    let mut command = Command::new("sort");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = Subprocess::spawn(&mut command)?;
    if let Some(input) = child.stdin.take() {
        yield_!(input.write_all(lines.as_bytes()))?;
        // Dropped here, which is the end of the program's input.
    }
    if let Some(output) = child.stdout.take().map(IoStream::reader) {
        loop {
            match yield_!(output.read_until(b"\n", 1024)) {
                Ok(line) => print!("a line: {}", String::from_utf8_lossy(&line)),
                Err(error) if error.is_end() => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    println!("sort: {}", yield_!(child.wait_for_exit())?);
    Ok(())
}

#[co::coroutine]
fn end_after(patience: Duration) -> io::Result<()> {
    let child = Subprocess::spawn(Command::new("sleep").arg("60"))?;
    child.set_exit_callback(|status| println!("sleep: {status}"));
    yield_!(co::sleep(patience));
    child.send_signal(SignalKind::TERMINATE)?;
    yield_!(child.wait_for_exit())?;
    // The callback comes on a later turn.
    yield_!(co::moment());
    Ok(())
}

#[co::main]
fn main() -> io::Result<()> {
    let sorting = sort("pear\napple\nquince\n");
    let ending = end_after(Duration::from_millis(300));
    yield_!(sorting)?;
    yield_!(ending)?;
    if let Err(error) = Subprocess::spawn(&mut Command::new("no-such-program")) {
        println!("{error}");
    }
    Ok(())
}
