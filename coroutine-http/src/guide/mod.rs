//! Longer than a reference, and tested like one.

#[doc = include_str!("tornado.md")]
pub mod tornado {}
