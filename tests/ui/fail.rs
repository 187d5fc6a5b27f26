//! What the macros say to mistakes.
//!
//! After a wording has changed: `TRYBUILD=overwrite cargo test -p coroutine-ui --test fail`.

#[test]
fn every_mistake_has_its_message() {
    trybuild::TestCases::new().compile_fail("fail/*.rs");
}
