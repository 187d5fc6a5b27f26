//! The other version of `reloading`.

include!("../reloading.rs");

const VERSION: &str = "new";
