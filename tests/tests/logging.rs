//! Where messages go.

use std::env;
use std::process::{Command, Output};
use std::thread;

use co::IoLoop;
use coroutine_core as co;
use coroutine_tests::{assert_one_message, logged};

const IN_CHILD: &str = "COROUTINE_TESTS_CHILD";

/// Runs `body` in a process of its own, which is the test `name` once more, and gives what that prints.
fn in_child(name: &str, body: fn()) -> Option<String> {
    if env::var_os(IN_CHILD).is_some() {
        body();
        return None;
    }
    let program = env::current_exe().expect("it runs");
    let Output { status, stderr, .. } = Command::new(program)
        .args([name, "--exact", "--nocapture", "--test-threads=1"])
        .env(IN_CHILD, "1")
        .env("RUST_BACKTRACE", "0")
        .output()
        .expect("it can run again");
    assert!(status.success());
    Some(String::from_utf8(stderr).expect("messages are text"))
}

#[co::coroutine]
fn fails() -> Result<(), String> {
    Err("no toner".to_owned())
}

fn fail() {
    IoLoop::current().add_callback(|| drop(fails()));
    IoLoop::current().start().expect("nothing is suspended");
}

#[test]
fn errors_go_to_stderr_where_no_subscriber_is_installed() {
    let name = "errors_go_to_stderr_where_no_subscriber_is_installed";
    if let Some(text) = in_child(name, fail) {
        let line = text.lines().find(|line| line.contains("no toner"));
        let line = line.unwrap_or_else(|| panic!("no message in:\n{text}"));
        assert!(
            line.contains("error") && line.contains("`fails` at"),
            "{line}"
        );
    }
}

#[test]
fn a_panic_in_a_callback_goes_to_stderr_where_no_subscriber_is_installed() {
    fn panic_in_a_callback() {
        IoLoop::current().add_callback(|| panic!("paper jam"));
        IoLoop::current().start().expect("nothing is suspended");
    }

    let name = "a_panic_in_a_callback_goes_to_stderr_where_no_subscriber_is_installed";
    if let Some(text) = in_child(name, panic_in_a_callback) {
        let logged = |line: &str| line.contains("the callback added at") && line.contains(file!());
        assert!(text.lines().any(logged), "no message in:\n{text}");
    }
}

#[test]
fn a_subscriber_gets_the_errors_and_stderr_does_not() {
    let name = "a_subscriber_gets_the_errors_and_stderr_does_not";
    if let Some(text) = in_child(name, || assert_eq!(logged(fail).len(), 1)) {
        assert!(!text.contains("no toner"), "{text}");
    }
}

#[test]
fn errors_go_to_stderr_on_a_thread_without_a_subscriber_also_when_another_thread_had_one() {
    fn fail_beside_a_subscriber() {
        thread::spawn(|| drop(logged(|| ())))
            .join()
            .expect("it does not panic");
        fail();
    }

    let name =
        "errors_go_to_stderr_on_a_thread_without_a_subscriber_also_when_another_thread_had_one";
    if let Some(text) = in_child(name, fail_beside_a_subscriber) {
        assert!(text.contains("no toner"), "no message in:\n{text}");
    }
}

#[derive(Debug)]
struct Jam(std::io::Error);

impl std::fmt::Display for Jam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot print")
    }
}

impl std::error::Error for Jam {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn an_error_that_nobody_looked_at_is_logged_with_its_causes() {
    #[co::coroutine]
    fn print() -> Result<(), Jam> {
        Err(Jam(std::io::Error::other("the tray is empty")))
    }

    let lines = logged(|| drop(print()));
    assert_one_message(&lines, &["`print`", "cannot print: the tray is empty"]);
}
