//! What the macros accept, and what they say to everything else.
//!
//! After a wording has changed: `TRYBUILD=overwrite cargo test -p coroutine-tests --test ui`.

#[test]
fn every_form_of_coroutine_compiles_and_runs() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn every_mistake_has_its_message() {
    trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
}
