//! The command, on crates of its own.
#![allow(clippy::expect_used, clippy::unwrap_used)]

mod failures;
mod freshness;
mod kinds;
mod pictures;
mod support;
