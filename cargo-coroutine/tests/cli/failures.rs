//! What goes wrong is said, with what to do about it.

use crate::support::Fixture;

const TWO: &str = "\
use coroutine_core as co;
pub mod a { use coroutine_core as co; #[co::coroutine] pub fn fetch() { yield_!(co::moment()); } }
pub mod b { use coroutine_core as co; #[co::coroutine] pub fn fetch() { yield_!(co::moment()); } }
#[co::coroutine] pub fn store() { yield_!(co::moment()); }
";

#[test]
fn a_path_that_names_nothing_has_similar_ones_listed() {
    let fixture = Fixture::new("nothing", TWO);
    let outcome = fixture.run(&["sites", "fetsch"]);
    outcome.fails(2, "there is no coroutine `fetsch`; did you mean:\n  a::fetch  src/lib.rs:2:63\n  b::fetch  src/lib.rs:3:63\n");
    assert_eq!(outcome.text(), "");
    fixture
        .run(&["expand", "zebra"])
        .fails(2, "there are:\n  a::fetch");
    fixture
        .run(&["expand", "src/lib.rs:1"])
        .fails(2, "did you mean:\n  a::fetch");
    fixture
        .run(&["expand", "src/other.rs"])
        .fails(2, "there are:\n");
}

#[test]
fn a_name_of_several_is_refused() {
    let fixture = Fixture::new("several", TWO);
    fixture
        .run(&["graph", "fetch"])
        .fails(2, "`fetch` names several coroutines:\n  a::fetch");
    assert_eq!(fixture.paths(&["a::fetch"]), ["a::fetch"]);
    fixture
        .run(&["graph"])
        .fails(2, "a picture shows one coroutine");
}

#[test]
fn what_can_be_expanded_of_a_broken_crate_is_shown() {
    let fixture = Fixture::new(
        "broken",
        "use coroutine_core as co;\n\
         #[co::coroutine] fn good() { yield_!(co::moment()); }\n\
         #[co::coroutine] fn wrong(a: &str) { yield_!(co::moment()); }\n\
         fn typo() -> u8 { \"\" }\n",
    );
    for _ in 0..2 {
        let outcome = fixture.run(&["expand"]);
        outcome.fails(1, "the crate has errors; this is what could be expanded");
        assert!(
            outcome.errors().contains("mismatched types"),
            "{}",
            outcome.errors()
        );
        assert!(outcome.text().contains("At::<0>"), "{}", outcome.text());
        assert!(
            outcome
                .text()
                .contains("It has errors: this stands in for it."),
            "{}",
            outcome.text()
        );
    }
    fixture
        .run(&["sites", "missing"])
        .fails(1, "the crate has errors, so there may be more");
}

#[test]
fn a_folder_that_cannot_be_written_is_the_commands_error() {
    let fixture = Fixture::new("unwritable", TWO);
    let target = fixture.path("target");
    let fixture = fixture.with_target(target);
    fixture.write("target/coroutine", "a file stands in the way");
    fixture.run(&["sites"]).fails(1, "cannot keep records in");
    fixture.run(&["sites"]).fails(
        1,
        "help: make it writable, or name another folder with --target-dir",
    );
}

#[test]
fn no_package_is_an_error_of_cargos() {
    let fixture = Fixture::empty("no-package");
    fixture
        .run(&["sites", "--manifest-path", "none/Cargo.toml"])
        .fails(1, "cargo cannot read the package");
}

#[test]
fn a_wrong_command_line_is_refused() {
    let fixture = Fixture::empty("command-line");
    let cases: [(&[&str], &str); 6] = [
        (
            &["explode"],
            "there is no command `explode`; there are `expand`, `sites` and `graph`",
        ),
        (&["sites", "--formal"], "--formal"),
        (&["graph", "--format", "png"], "there is no format `png`"),
        (
            &["sites", "--format", "svg"],
            "`--format` is an option of `cargo coroutine graph`",
        ),
        (&["sites", "a", "b"], "unexpected argument \"b\""),
        (&["sites", "-p"], "-p"),
    ];
    for (arguments, message) in cases {
        fixture.run(arguments).fails(2, message);
    }
}

#[test]
fn help_tells_what_there_is() {
    let fixture = Fixture::empty("help");
    let cases: [(&[&str], &str); 5] = [
        (&[], "Usage: cargo coroutine <COMMAND>"),
        (&["--help"], "expand "),
        (
            &["--version"],
            concat!("cargo-coroutine ", env!("CARGO_PKG_VERSION")),
        ),
        (&["graph", "--help"], "--format <FORMAT>"),
        (&["expand", "-h"], "--all-targets"),
    ];
    for (arguments, line) in cases {
        let text = fixture.text(arguments);
        assert!(text.contains(line), "{line} is not in {text}");
    }
}
