//! What `tests/autoreload.rs` copies over itself while it serves. Built twice, as `reloading` and `reloading_too`, which differ in what they answer.

include!("../reloading.rs");

const VERSION: &str = "old";
