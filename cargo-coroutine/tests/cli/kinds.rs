//! Coroutines of each kind are found, and expanded as the macro does it.

use crate::support::{Fixture, manifest};

const EACH: &str = r#"
use std::rc::Rc;
use coroutine_core::{self as co, Future};

#[co::coroutine]
pub fn plain(n: u32) -> u32 { yield_!(co::moment()); n }

pub mod inner {
    use coroutine_core as co;
    pub struct Client<T>(pub T);
    impl<T: Clone + 'static> Client<T> {
        #[co::coroutine(lazy)]
        pub fn fetch(&self) -> T { co::moment().await; self.0.clone() }
    }
}

pub trait Job { fn go(self: Rc<Self>) -> Future<u8>; }
pub struct Once;
impl Job for Once {
    #[co::coroutine(name = "once and again")]
    fn go(self: Rc<Self>) -> u8 { yield_!(co::moment()); 1 }
}

#[co::coroutine]
pub fn generic<F: std::future::Future<Output = u8> + 'static>(f: F) -> u8 { yield_!(f) }

#[cfg(feature = "extra")]
#[co::coroutine]
pub fn extra() { yield_!(co::moment()); }

macro_rules! pair {
    ($($name:ident),*) => { $(
        #[co::coroutine]
        pub fn $name() { yield_!(co::moment()); }
    )* };
}
pair!(left, right);

pub fn blocks() -> Future<u8> {
    drop(co::block::generator! { for n in 0..3u8 { yield n; } });
    co::block::coroutine! { yield co::moment(); 3 }
}

#[co::generator(yield = u8)]
pub fn count() { yield_!(1); yield_!(2); }

#[co::generator(yield = u8)]
pub async fn slowly() { co::moment().await; yield_!(1); }

include!("included.rs");

#[cfg(test)]
mod tests {
    #[coroutine_core::test]
    fn tested() { yield_!(coroutine_core::moment()); }
}
"#;

fn each(name: &str) -> Fixture {
    let fixture = Fixture::new(name, EACH);
    let included = "#[co::coroutine]\npub fn included() { yield_!(co::moment()); }\n";
    fixture.write("src/included.rs", included);
    fixture
}

#[test]
fn each_kind_is_listed() {
    let fixture = each("each-kind");
    let found = fixture.paths(&[]);
    let expected = [
        "included::included",
        "plain",
        "inner::Client::fetch",
        "Once::go",
        "generic",
        "left",
        "right",
        "blocks::{generator}",
        "blocks::{coroutine}",
        "count",
        "slowly",
    ];
    let mut sorted = found.clone();
    sorted.sort();
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    assert!(
        fixture
            .paths(&["--features", "extra"])
            .contains(&"extra".to_owned())
    );
    assert!(
        fixture
            .paths(&["--all-targets"])
            .contains(&"tests::tested".to_owned())
    );
    assert_eq!(fixture.paths(&[]), found);
}

#[test]
fn the_table_is_aligned() {
    let fixture = Fixture::new(
        "table",
        "use coroutine_core as co;\n\
         #[co::coroutine]\npub fn f() { yield_!(co::moment()); co::moment().await; }\n\
         #[co::generator(yield = u8)]\npub fn longer() {\n    yield_!(10);\n}\n\
         pub trait T {\n    #[co::coroutine]\n    fn g();\n}\n",
    );
    let expected = "\
src/lib.rs:3:14  f       0  co::moment()
src/lib.rs:3:50  f       1  co::moment()
src/lib.rs:6:5   longer  0  10
src/lib.rs:10:8  T::g    -  no yield points
";
    assert_eq!(fixture.text(&["sites"]), expected);
}

#[test]
fn an_expansion_is_the_macros_own_with_its_numbers() {
    let fixture = each("expansion");
    let text = fixture.text(&["expand", "plain"]);
    let expected = "\
// #[co::coroutine] plain, src/lib.rs:6:8
// 0  6:31     co::moment()
pub fn plain(n: u32) -> ::coroutine_core::Future<u32> {
    ::coroutine_core::__private::start(
        ::coroutine_core::__private::sites! {
            \"plain\" at 6 : 8 -> u32; 0 = 6 : 31 \"co::moment()\";
        },
        async move {
            let _ = (&n,);
            if let ::core::option::Option::Some(value) = ::core::option::Option::None::<
                u32,
            > {
                return value;
            }
            {
                ::coroutine_core::__private::At::<0>.yield_point(co::moment()).await; // 0: line 6
                n
            }
        },
    )
}
";
    assert_eq!(text, expected);
    let lines = [
        ("inner::Client::fetch", "::coroutine_core::__private::lazy("),
        ("once and again", "fn go(self: Rc<Self>)"),
        ("Once::go", "\"once and again\" at"),
        ("right", "pub fn right()"),
        (
            "blocks::{coroutine}",
            "$crate::__private::At::<0>.yield_point(co::moment()).await; // 0: line",
        ),
        ("count", "1, // 1: line"),
        ("slowly", "::coroutine_core::__private::async_generator::<"),
    ];
    for (path, line) in lines {
        let text = fixture.text(&["expand", path]);
        assert!(text.contains(line), "{path}: {line} is not in\n{text}");
    }
}

#[test]
fn numbers_are_the_same_in_table_expansion_and_graph() {
    let fixture = Fixture::new(
        "numbers",
        "use coroutine_core as co;\n\
         async fn get<T>(t: T) -> T { t }\n\
         #[co::coroutine]\n\
         pub fn f() -> u8 {\n\
             println!(\"{}\", yield_!(get(yield_!(get(1)))));\n\
             if get(true).await && yield_!(get(false)) { get(2).await; }\n\
             assert!(matches!(yield_!(get(3)), n if n > 2));\n\
             yield_!(get(4))\n\
         }\n",
    );
    let json = fixture.json(&["graph", "f"]);
    let sites = json[0]["sites"].as_array().unwrap();
    let expansion = fixture.text(&["expand", "f"]);
    for site in sites {
        let number = &site["number"];
        let comment = format!("{number}: line {}", site["line"]);
        assert!(expansion.contains(&comment), "{comment} in {expansion}");
        let edges = json[0]["edges"].as_array().unwrap();
        assert!(
            edges
                .iter()
                .any(|edge| edge["to"].as_str() == Some(&number.to_string())),
            "{number} in {edges:?}"
        );
    }
    assert_eq!(sites.len(), 7);
    let operands: Vec<_> = sites
        .iter()
        .map(|site| site["operand"].as_str().unwrap())
        .collect();
    assert_eq!(operands[1..4], ["get(1)", "get(true)", "get(false)"]);
}

#[test]
fn a_path_is_a_file_a_line_or_the_end_of_a_name() {
    let fixture = each("paths");
    assert_eq!(fixture.paths(&["src/included.rs"]), ["included::included"]);
    assert_eq!(fixture.paths(&["src/lib.rs:5"]), ["plain"]);
    assert_eq!(fixture.paths(&["lib.rs:6"]), ["plain"]);
    assert_eq!(fixture.paths(&["Client::fetch"]), ["inner::Client::fetch"]);
    assert_eq!(fixture.paths(&["crate::plain"]), ["plain"]);
    assert_eq!(fixture.paths(&["paths::plain"]), ["plain"]);
}

#[test]
fn members_of_a_workspace_are_told_apart() {
    let fixture = Fixture::empty("members");
    let lib = |name: &str| {
        format!(
            "use coroutine_core as co;\n#[co::coroutine]\npub fn of_{name}() {{ yield_!(co::moment()); }}\n"
        )
    };
    fixture.write(
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"one\", \"two\"]\n",
    );
    fixture.write("one/Cargo.toml", &manifest("member-one"));
    fixture.write("one/src/lib.rs", &lib("one"));
    fixture.write(
        "two/Cargo.toml",
        &(manifest("member-two") + "member-one = { path = \"../one\" }\n"),
    );
    fixture.write("two/src/lib.rs", &lib("two"));
    fixture.write(
        "two/src/main.rs",
        &format!("{}fn main() {{}}\n", lib("main")),
    );
    assert_eq!(fixture.paths(&["-p", "member-two"]), ["of_two", "of_main"]);
    assert_eq!(fixture.paths(&["-p", "member-one"]), ["of_one"]);
    assert_eq!(
        fixture.paths(&["--workspace", "--exclude", "member-two"]),
        ["of_one"]
    );
    assert_eq!(fixture.paths(&[]), ["of_one", "of_two", "of_main"]);
    assert_eq!(fixture.paths(&["-p", "member-two", "--lib"]), ["of_two"]);
    let inside = fixture.run_in("one", &["sites"]);
    assert_eq!(inside.text(), "src/lib.rs:3:19  of_one  0  co::moment()\n");
}
