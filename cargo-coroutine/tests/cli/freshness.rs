//! Nothing stale is shown.

use std::fs;

use crate::support::Fixture;

fn lib(names: &[&str]) -> String {
    let functions = names
        .iter()
        .map(|name| format!("#[co::coroutine]\npub fn {name}() {{ yield_!(co::moment()); }}\n"));
    format!(
        "use coroutine_core as co;\n{}",
        functions.collect::<String>()
    )
}

#[test]
fn an_edit_is_seen_at_once_and_what_is_gone_is_gone() {
    let fixture = Fixture::new("edit", &lib(&["first", "second"]));
    let before = fixture.text(&["sites"]);
    assert_eq!(fixture.text(&["sites"]), before);
    assert_eq!(fixture.paths(&[]), ["first", "second"]);
    fixture.write("src/lib.rs", &lib(&["second", "third"]));
    assert_eq!(fixture.paths(&[]), ["second", "third"]);
    assert_eq!(fixture.paths(&[]), ["second", "third"]);
    fixture.write("src/lib.rs", "");
    fixture.run(&["sites"]).fails(2, "there are no coroutines");
}

#[test]
fn an_edit_of_an_included_file_is_seen() {
    let fixture = Fixture::new(
        "include",
        "use coroutine_core as co;\ninclude!(\"more.rs\");\n",
    );
    fixture.write(
        "src/more.rs",
        "#[co::coroutine]\nfn old() { yield_!(co::moment()); }\n",
    );
    assert_eq!(fixture.paths(&[]), ["more::old"]);
    fixture.write(
        "src/more.rs",
        "#[co::coroutine]\nfn new() { yield_!(co::moment()); }\n",
    );
    assert_eq!(fixture.paths(&[]), ["more::new"]);
}

#[test]
fn records_that_were_removed_are_written_again() {
    let fixture = Fixture::new("removed", &lib(&["f"]));
    assert_eq!(fixture.paths(&[]), ["f"]);
    let records = fixture.target().join("coroutine");
    for entry in fs::read_dir(&records).unwrap() {
        let path = entry.unwrap().path();
        let is_ours = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("removed-"));
        if is_ours {
            fs::remove_dir_all(path).unwrap();
        }
    }
    assert_eq!(fixture.paths(&[]), ["f"]);
}

#[test]
fn a_removed_target_takes_its_coroutines_along() {
    let fixture = Fixture::new("targets", &lib(&["f"]));
    fixture.write("examples/show.rs", &(lib(&["shown"]) + "fn main() {}\n"));
    assert_eq!(fixture.paths(&["--examples", "--lib"]), ["shown", "f"]);
    fs::remove_file(fixture.path("examples/show.rs")).unwrap();
    assert_eq!(fixture.paths(&["--examples", "--lib"]), ["f"]);
}

#[test]
fn other_builds_are_left_alone() {
    let fixture = Fixture::new("others", &lib(&["f"]));
    assert_eq!(fixture.cargo(&["check"]).code(), 0);
    assert_eq!(fixture.paths(&[]), ["f"]);
    let again = fixture.cargo(&["check", "-v"]).errors();
    assert!(again.contains("Fresh others"), "{again}");
    fixture.write("src/lib.rs", &lib(&["g"]));
    let count = |fixture: &Fixture| {
        let units = fs::read_dir(fixture.target().join("coroutine")).unwrap();
        let ours = units.filter(|unit| {
            let name = unit.as_ref().unwrap().file_name();
            name.to_string_lossy().starts_with("others-")
        });
        ours.count()
    };
    let before = count(&fixture);
    assert_eq!(fixture.cargo(&["check"]).code(), 0);
    assert_eq!(count(&fixture), before);
}
