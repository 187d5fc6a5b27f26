//! In the place of `native.rs` where the compiler has no coroutines.

use crate::work::{Scale, Unavailable};

pub use absent as iterate;
pub use absent as lifecycle;
pub use absent as tree;

pub fn resume<const INLINED: bool>(scale: Scale) -> Result<f64, Unavailable> {
    absent(scale)
}

pub fn absent(_: Scale) -> Result<f64, Unavailable> {
    Err("unstable: cargo +nightly run --release --features nightly".into())
}
