//! Messages: through `tracing` where a subscriber is installed, to stderr where there is none.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::io::Write;
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use tracing::subscriber::NoSubscriber;

use crate::metrics::Metrics;
use crate::outcome::panic_message;

/// Logs an error.
pub fn error(message: fmt::Arguments<'_>) {
    guarded(|| match has_subscriber() {
        true => tracing::error!("{message}"),
        false => to_stderr("error", message),
    });
}

/// Logs a warning.
pub fn warn(message: fmt::Arguments<'_>) {
    guarded(|| match has_subscriber() {
        true => tracing::warn!("{message}"),
        false => to_stderr("warning", message),
    });
}

/// Logs a loop's metrics.
pub(crate) fn metrics(metrics: &Metrics) {
    guarded(|| match has_subscriber() {
        true => tracing::info!(
            turns = metrics.turns,
            callbacks = metrics.callbacks,
            coroutines = metrics.coroutines,
            timers = metrics.timers,
            descriptors = metrics.descriptors,
            jobs = metrics.jobs,
            longest_callback_us = micros(metrics.longest_callback.unwrap_or_default()),
            lag_us = micros(metrics.lag),
            longest_lag_us = micros(metrics.longest_lag),
            "the loop's metrics"
        ),
        false => to_stderr("info", format_args!("the loop's metrics: {metrics:?}")),
    });
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The text of an error, and of its causes as far as it does not speak of them itself.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let causes = iter::successors(error.source(), |&cause| cause.source());
    for cause in causes.map(ToString::to_string) {
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
    }
    text
}

/// Calls code that may be a user's: a subscriber, or how a value shows itself. There is nowhere to report a panic of it, beyond the panic hook.
fn guarded(code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(code)) {
        forget_payload(payload);
    }
}

/// Whether anybody on this thread would take a message. Another thread may have a subscriber of its own.
fn has_subscriber() -> bool {
    tracing::dispatcher::get_default(|dispatch| !dispatch.is::<NoSubscriber>())
}

fn to_stderr(level: &str, message: fmt::Arguments<'_>) {
    // At once, since each piece would be a system call, of which a dump of thousands has a hundred thousand.
    let line = format!("{level}: {message}\n");
    // Where stderr is closed there is nobody to tell.
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// Calls code that is not ours where a panic must not get out, and logs one.
pub(crate) fn catching(what: &str, code: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(code)) {
        error(format_args!(
            "{what} panicked: {}",
            panic_message(&*payload)
        ));
        forget_payload(payload);
    }
}

/// Drops what a panic carried. Its destructor may panic once more; what that one carries is leaked, since there must be an end.
pub(crate) fn forget_payload(payload: Box<dyn Any + Send>) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(payload);
    }
}
