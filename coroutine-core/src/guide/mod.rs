//! Longer than a reference, and tested like one.

#[doc = include_str!("hangs.md")]
pub mod hangs {}
