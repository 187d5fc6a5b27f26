//! The examples lie in `examples/`.
